package console

import "slices"

// Calls returns the names of all calls, and who may make each; nobody for whoever
// has signed in.
func (b *Booths) Calls() map[string][]string {
	all := map[string][]string{}
	for name, c := range b.calls {
		var roles []string
		for _, r := range c.roles {
			roles = append(roles, string(r))
		}
		slices.Sort(roles)
		all[name] = roles
	}
	return all
}
