package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"parkagent/agent"
	"parkagent/agent/booth"
	"parkagent/agent/config"
	"parkagent/store"
)

func operatorCommand() command {
	return command{
		name:    "operator",
		args:    "list|add NAME|role NAME|password NAME|remove NAME",
		summary: text{"管理岗亭操作员及其口令", "manage the operators of the booths and their passwords"},
		details: text{
			"可在 agent 运行时使用，立即生效。口令从终端读取（不回显），或取标准输入的第一行；至少 8 个字符，不写在命令行上。\n" +
				"角色：operator 岗亭收费、抬杆、改车牌；manager 另可退款、关闭停车记录、查看全部报表；\n" +
				"installer 只查看和控制设备。add 和 role 用 --role 指定。\n" +
				"password 换口令，remove 删除操作员；两者都立即结束其全部登录。当班的操作员须先交班才能删除。",
			"May be used while the agent runs, and counts at once. The password is read from the terminal,\n" +
				"without showing it, or is the first line of the standard input; it has 8 characters at least and\n" +
				"never stands in the command line. Roles: an operator takes money, opens gates and corrects plates;\n" +
				"a manager also refunds, closes stays and sees every report; an installer sees and moves devices\n" +
				"only. add and role take it from --role. password and remove end every sign-in of the operator at\n" +
				"once; one who is on shift has to hand over before he can be removed.",
		},
		setup: func(f *flags) runFunc {
			asJSON := f.Bool("json", false, f.say("以 JSON 输出（用于 list）", "print JSON (with list)"))
			role := f.String("role", "", f.say("角色 `operator|manager|installer`（add 默认 operator）", "role, `operator|manager|installer` (add: operator by default)"))
			return func(ctx context.Context, e *env, words []string) error {
				op, name, err := operatorWords(words, *asJSON, *role)
				if err != nil {
					return err
				}
				site, err := loadSite(e)
				if err != nil {
					return err
				}
				if op == "list" {
					return listOperators(ctx, e, site, *asJSON)
				}
				return changeOperator(ctx, e, site, operatorChange{op: op, name: name, role: booth.Role(*role)})
			}
		},
	}
}

// operatorWords checks the words of the command line and returns what to do and
// with whom.
func operatorWords(words []string, asJSON bool, role string) (op, name string, err error) {
	if len(words) > 0 {
		op, words = words[0], words[1:]
	}
	switch op {
	case "list":
		if err := noWords(words); err != nil {
			return "", "", err
		}
	case "add", "role", "password", "remove":
		if len(words) == 0 {
			return "", "", usageError{text{"请给出操作员的名字。", "say which operator."}}
		}
		if err := noWords(words[1:]); err != nil {
			return "", "", err
		}
		name = words[0]
	default:
		return "", "", usageError{text{"请给出 list、add、role、password 或 remove。", "say list, add, role, password or remove."}}
	}
	switch {
	case asJSON && op != "list":
		return "", "", usageError{text{"--json 只用于 list。", "--json goes with list only."}}
	case role != "" && op != "add" && op != "role":
		return "", "", usageError{text{"--role 只用于 add 和 role。", "--role goes with add and role only."}}
	case role != "" && !slices.Contains(booth.Roles(), booth.Role(role)):
		return "", "", usageError{text{"没有角色 %q；只有 operator、manager、installer。", "there is no role %q; there are operator, manager and installer."}.with(role)}
	case role == "" && op == "role":
		return "", "", usageError{text{"请用 --role 给出角色。", "say which role with --role."}}
	}
	return op, name, nil
}

// An operatorRow is an operator as he is listed.
type operatorRow struct {
	Name  string     `json:"name"`
	Role  string     `json:"role"`
	Booth string     `json:"booth,omitempty"` // where he is on shift
	Since *time.Time `json:"since,omitempty"` // the shift began
}

// listOperators prints the operators. It only looks.
func listOperators(ctx context.Context, e *env, site *config.Config, asJSON bool) (err error) {
	books, err := viewBooks(ctx, agent.DatabasePath(site))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	operators, err := books.Operators(ctx)
	if err != nil {
		return err
	}
	rows := []operatorRow{}
	for _, o := range operators {
		row := operatorRow{Name: o.Name, Role: o.Role}
		switch shift, err := books.OpenShift(ctx, o.Name); {
		case err == nil:
			row.Booth, row.Since = shift.Booth, &shift.From
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		rows = append(rows, row)
	}
	if asJSON {
		return writeJSON(e.stdout, rows)
	}
	return writeOperators(e.stdout, rows, site.Park.Zone, e.lang)
}

func writeOperators(w io.Writer, rows []operatorRow, zone *time.Location, l lang) error {
	var b bytes.Buffer
	if len(rows) == 0 {
		fmt.Fprintln(&b, text{"还没有操作员；用 operator add 添加。", "There is no operator yet; operator add makes one."}.in(l))
	}
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		shift := "-"
		if r.Since != nil {
			shift = text{"%s 自 %s 当班", "on shift at %s since %s"}.with(r.Booth, r.Since.In(zone).Format(time.DateTime)).in(l)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Name, r.Role, shift)
	}
	_ = table.Flush() // into memory
	_, err := w.Write(b.Bytes())
	return err
}

// An operatorChange is what is to be done with whom.
type operatorChange struct {
	op, name string
	role     booth.Role
}

// byCommand is who changes operators in the journal when it is this command.
const byCommand = "command"

// changeOperator does it on the books, under a running agent or not.
func changeOperator(ctx context.Context, e *env, site *config.Config, c operatorChange) (err error) {
	path := agent.DatabasePath(site)
	// Looking first leaves books of another version, or none, as they are.
	view, err := viewBooks(ctx, path)
	if err != nil {
		return err
	}
	if err := view.Close(); err != nil {
		return err
	}
	var password string
	if c.op == "add" || c.op == "password" {
		if password, err = readPassword(ctx, e); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, store.Options{Path: path})
	if err != nil {
		return explainBooks(err, path)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	staff, err := booth.New(booth.Config{DB: db})
	if err != nil {
		return err
	}
	said := text{"已添加操作员 %s。", "Operator %s is added."}
	switch c.op {
	case "add":
		if c.role == "" {
			c.role = booth.RoleOperator
		}
		err = staff.Add(ctx, booth.Applicant{Name: c.name, Password: password, Role: c.role, By: byCommand})
	case "role":
		said = text{"已更改操作员 %s 的角色。", "The role of operator %s is changed."}
		err = staff.SetRole(ctx, c.name, c.role, byCommand)
	case "password":
		said = text{"已更改操作员 %s 的口令，其登录均已结束。", "The password of operator %s is changed, and every sign-in has ended."}
		err = staff.SetPassword(ctx, c.name, password, "", byCommand)
	case "remove":
		said = text{"已删除操作员 %s。", "Operator %s is removed."}
		err = staff.Remove(ctx, c.name, byCommand)
	}
	if err != nil {
		return explainOperator(err, c.name, path)
	}
	return e.tell(said.with(c.name))
}

// explainOperator puts words around what keeps an operator from being changed.
func explainOperator(err error, name, path string) error {
	for _, known := range []struct {
		err  error
		text text
	}{
		{booth.ErrName, text{"名字 %q 不行：只用文字、数字和中间的 . _ -，最多 32 个字符", "the name %q will not do: letters, digits and . _ - between them, 32 at most"}.with(name)},
		{booth.ErrPassword, text{"口令至少 8 个字符，且不能与名字相同", "a password has 8 characters at least and is not the name"}},
		{booth.ErrTaken, text{"已有操作员 %q", "there is an operator %q already"}.with(name)},
		{booth.ErrNoOperator, text{"没有操作员 %q；见 operator list", "there is no operator %q; see operator list"}.with(name)},
		{booth.ErrOnShift, text{"操作员 %q 正在当班，请先交班", "operator %q is on shift and has to hand over first"}.with(name)},
	} {
		if errors.Is(err, known.err) {
			return &failure{text: known.text}
		}
	}
	return explainBooks(err, path)
}
