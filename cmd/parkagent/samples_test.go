package main

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/config"
)

// samples is where every driver has an example with all its options.
const samples = root + "/packaging/devices"

// sampleDevices reads an example as a part of a configuration.
func sampleDevices(t *testing.T, path string) []config.Device {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	site, err := config.Parse(path, append([]byte(testPark), text...), t.TempDir(), known())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return site.Devices
}

// optionsOf returns the options that a driver has, as it tells whoever mistypes
// one. All devices of the sample are needed: a gate names its camera.
func optionsOf(t *testing.T, list []config.Device, i int) []string {
	t.Helper()
	const slip = "mistyped-option"
	list = slices.Clone(list)
	list[i].Options = maps.Clone(list[i].Options)
	if list[i].Options == nil {
		list[i].Options = map[string]any{}
	}
	list[i].Options[slip] = int64(1)
	_, problems := buildDrivers(list, driverConfig{zone: time.UTC})
	said := regexp.MustCompile(`unknown option "` + slip + `"(?:: want one of (.*))?$`)
	for _, p := range problems {
		if m := said.FindStringSubmatch(p.English); m != nil {
			return slices.DeleteFunc(strings.Split(m[1], ", "), func(s string) bool { return s == "" || s == "token" })
		}
	}
	t.Fatalf("%s with a mistyped option: %+v", list[i].Driver, problems)
	return nil
}

// commented returns the settings of an example that are commented out.
func commented(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^# (\w+) = `).FindAllStringSubmatch(string(text), -1) {
		list = append(list, m[1])
	}
	return list
}

// driversOf returns every kind and driver, but for kiosks, which have none.
func driversOf() map[string][]string {
	drivers := known().Drivers
	delete(drivers, config.KindKiosk)
	return drivers
}

// A new driver or option that has no example is one that no installer finds.
func TestEveryDriverHasAnExampleWithAllItsOptions(t *testing.T) {
	for kind, names := range driversOf() {
		for _, name := range names {
			file := filepath.Join(samples, kind+"-"+name+".toml")
			list := sampleDevices(t, file)
			i := slices.IndexFunc(list, func(d config.Device) bool { return d.Kind == kind && d.Driver == name })
			if i < 0 {
				t.Errorf("%s has no %s with driver %s", file, kind, name)
				continue
			}
			isCamera := func(s string) bool { return s == "camera" } // which the command handles
			have := slices.DeleteFunc(slices.Collect(maps.Keys(list[i].Options)), isCamera)
			want := slices.DeleteFunc(optionsOf(t, list, i), isCamera)
			for _, option := range commented(t, file) { // that others exclude
				if slices.Contains(want, option) && !slices.Contains(have, option) {
					have = append(have, option)
				}
			}
			slices.Sort(have)
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("options in %s (-of the driver +in the example):\n%s", file, diff)
			}
		}
	}
}

// modelsOf returns what may stand under an option of a driver that names a model, as
// the driver tells whoever writes something else.
func modelsOf(t *testing.T, list []config.Device, i int, option string) []string {
	t.Helper()
	list = slices.Clone(list)
	list[i].Options = maps.Clone(list[i].Options)
	list[i].Options[option] = "no-such-model"
	_, problems := buildDrivers(list, driverConfig{zone: time.UTC})
	said := regexp.MustCompile(`"no-such-model" is not one of (.*)$`)
	for _, p := range problems {
		if m := said.FindStringSubmatch(p.English); m != nil {
			return strings.Split(m[1], ", ")
		}
	}
	t.Fatalf("%s of a %s that there is not: %+v", option, list[i].Driver, problems)
	return nil
}

// A new model that no example names is one that no installer finds.
func TestEveryModelIsNamedInItsExampleAndInTheReadme(t *testing.T) {
	readme := readmeDevices(t)
	models := 0
	for kind, names := range driversOf() {
		for _, name := range names {
			file := filepath.Join(samples, kind+"-"+name+".toml")
			list := sampleDevices(t, file)
			i := slices.IndexFunc(list, func(d config.Device) bool { return d.Kind == kind && d.Driver == name })
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, option := range []string{"model", "chip"} {
				if list[i].Options[option] == nil {
					continue
				}
				// The line of the option, and the names in its comment.
				line := regexp.MustCompile(`(?m)^` + option + ` = .*$`).FindString(string(text))
				for _, model := range modelsOf(t, list, i, option) {
					models++
					word := regexp.MustCompile(`(^|[^a-z0-9-])` + regexp.QuoteMeta(model) + `($|[^a-z0-9-])`)
					if !word.MatchString(line) {
						t.Errorf("%s does not name %s %s", file, option, model)
					}
					if !slices.Contains(readme[kind+" "+name], model) {
						t.Errorf("the README's row of %s %s does not name %s %s", kind, name, option, model)
					}
				}
			}
		}
	}
	if models < 10 {
		t.Errorf("%d models: were they found?", models)
	}
}

// readmeDevices returns the rows of the README's table of devices: by kind and
// driver, the words in back quotes behind them.
func readmeDevices(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### Devices\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string][]string{}
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		key := strings.TrimSpace(cells[0]) + " " + strings.Trim(cells[1], "` ")
		rows[key] = []string{}
		for _, m := range quoted.FindAllStringSubmatch(cells[3], -1) {
			rows[key] = append(rows[key], m[1])
		}
	}
	return rows
}

func TestReadmeNamesEveryDriverAndOption(t *testing.T) {
	rows := readmeDevices(t)
	for kind, names := range driversOf() {
		for _, name := range names {
			words, ok := rows[kind+" "+name]
			if !ok {
				t.Errorf("the README's devices lack %s %s", kind, name)
				continue
			}
			list := sampleDevices(t, filepath.Join(samples, kind+"-"+name+".toml"))
			i := slices.IndexFunc(list, func(d config.Device) bool { return d.Kind == kind && d.Driver == name })
			for _, option := range optionsOf(t, list, i) {
				if base, polarity := strings.CutSuffix(option, "_active_low"); polarity && slices.Contains(words, "…_active_low") && slices.Contains(words, base) {
					continue
				}
				if !slices.Contains(words, option) {
					t.Errorf("the README's row of %s %s lacks option %s", kind, name, option)
				}
			}
			delete(rows, kind+" "+name)
		}
	}
	delete(rows, "kiosk kiosk")
	for row := range rows {
		t.Errorf("the README has a device %q, which there is not", row)
	}
}

// The configuration that is shipped says what there is to choose from.
func TestShippedConfigurationNamesEveryDriver(t *testing.T) {
	text, err := os.ReadFile(root + "/packaging/parkagent.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n# ---- 设备 / devices ----\n")
	section, _, _ = strings.Cut(section, "\n\n")
	for kind, names := range driversOf() {
		// A kind's line goes on where no other kind begins.
		line := regexp.MustCompile(`(?m)^#   ` + kind + ` +".*(\n#     .*)*`).FindString(section)
		for _, name := range names {
			if !strings.Contains(line, `"`+name+`"`) {
				t.Errorf("driver %s of a %s is not named", name, kind)
			}
		}
	}
}

// What is commented out in the configuration that is shipped must be right as
// well: somebody will take the marks away.
func TestCommentedDevicesOfTheShippedConfigurationAreRight(t *testing.T) {
	text, err := os.ReadFile(root + "/packaging/parkagent.toml")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, block := range strings.Split(string(text), "\n\n") {
		if !strings.Contains(block, "# [[device]]") {
			continue
		}
		_, block, _ = strings.Cut(block, "# [[device]]")
		block = "[[device]]" + strings.ReplaceAll(strings.ReplaceAll(block, "\n# ", "\n"), `token = ""`, `token = "hard-to-guess"`)
		blocks++
		if _, err := config.Parse("parkagent.toml", []byte(testPark+block+"\n"), t.TempDir(), known()); err != nil {
			t.Errorf("%s\n%v", block, err)
		}
	}
	if blocks < 1 {
		t.Error("no commented device was found")
	}
}

// The map of the drivers must show all of them, and lead to folders that are there.
func TestDriversReadmeShowsEveryDriverAndFolder(t *testing.T) {
	text, err := os.ReadFile(root + "/drivers/README.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := map[string]bool{}
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(string(text), -1) {
		quoted[m[1]] = true
	}
	rows := regexp.MustCompile("(?m)^\\| (\\w+) \\| (`.+`) \\| `([a-z0-9/]+)` \\| ").FindAllStringSubmatch(string(text), -1)
	shown := map[string]bool{}
	for _, m := range rows {
		for _, name := range strings.Split(m[2], ", ") {
			shown[m[1]+" "+strings.Trim(name, "`")] = true
		}
		if _, err := os.Stat(filepath.Join(root, "drivers", m[3])); err != nil {
			t.Errorf("drivers/README.md leads to %s: %v", m[3], err)
		}
	}
	for kind, names := range driversOf() {
		for _, name := range names {
			if !shown[kind+" "+name] {
				t.Errorf("drivers/README.md lacks %s %s", kind, name)
			}
			delete(shown, kind+" "+name)
		}
	}
	for row := range shown {
		t.Errorf("drivers/README.md has a driver %q, which there is not", row)
	}
	err = filepath.WalkDir(filepath.Join(root, "drivers"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name, err := filepath.Rel(filepath.Join(root, "drivers"), file)
		name = filepath.ToSlash(name)
		switch {
		case err != nil || name == ".":
			return err
		case d.Name() == "testdata" || strings.HasPrefix(name, "sim/"):
			return filepath.SkipDir
		case name != "camera" && !quoted[name] && !quoted[path.Dir(name)]: // what is below a family is its own affair
			t.Errorf("drivers/README.md does not say what %s is", name)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, file := range []string{"gate/models.go", "scanner/options.go", "display/onbon_board.go", "display/speech_board.go", "display/xunpeng_board.go", "display/options.go", "camera/huaxia", "../cmd/parkagent/build_booth.go"} {
		if _, err := os.Stat(filepath.Join(root, "drivers", file)); err != nil {
			t.Errorf("drivers/README.md speaks of %s: %v", file, err)
		}
	}
	models, err := os.ReadFile(root + "/drivers/gate/models.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```go\n")
	example, _, _ = strings.Cut(example, "\n```")
	if example == "" || !strings.Contains(string(models), example) {
		t.Errorf("the profile shown, %q, is not in gate/models.go", example)
	}
}
