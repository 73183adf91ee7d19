package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/kardianos/service"
)

// serviceName is the service's name for systemd and for Windows.
const serviceName = "parkagent"

// services is what `parkagent service` needs of the machine. Tests put a
// service manager of their own in its place: none may install anything here.
type services struct {
	// manager opens the machine's service manager for the service described.
	manager func(c *service.Config) (service.Service, error)
	// platform names the service manager as kardianos/service does.
	platform func() string
	// privileged tells whether this process may change services.
	privileged func() bool
	// giveTo makes the folder and lets the user write to it.
	giveTo func(user, dir string) error
	// hasGroup tells whether the machine knows the group.
	hasGroup func(name string) bool
}

func machineServices() services {
	return services{
		manager: func(c *service.Config) (service.Service, error) {
			return service.New(&program{}, c)
		},
		platform:   service.Platform,
		privileged: privileged,
		giveTo:     giveTo,
		hasGroup:   hasGroup,
	}
}

func serviceCommand(s services) command {
	return command{
		name:    "service",
		args:    "install|uninstall|start|stop|status",
		summary: text{"安装、卸载、启动、停止系统服务，或查看其状态", "install, uninstall, start or stop the system service, or show its state"},
		details: text{
			"install 让本程序随系统启动，出错后自动重启：Linux 用 systemd，Windows 用服务管理器。\n" +
				"服务使用 --config 指定的配置；须先备好该文件。install 之后请运行 start。\n" +
				"除 status 外都需要 root 或管理员权限。\n" +
				"status 在服务运行时退出状态为 0，未安装或已停止时为 1。",
			"install makes this program start with the system and again after a failure: by systemd\n" +
				"on Linux, by the service manager on Windows. The service reads the configuration given\n" +
				"by --config, which must be there already. After install, run start.\n" +
				"All but status need root or administrator rights.\n" +
				"status exits with 0 when the service runs, with 1 when it is stopped or not installed.",
		},
		setup: func(f *flags) runFunc {
			user := f.String("user", "", f.say("install：以用户 `NAME` 运行服务（默认 root 或 LocalSystem）；该用户须能读配置",
				"install: run the service as user `NAME`, who must be able to read the configuration (default root or LocalSystem)"))
			return func(_ context.Context, e *env, words []string) error {
				if len(words) == 0 {
					return usageError{text{"请给出 install、uninstall、start、stop 或 status。", "say install, uninstall, start, stop or status."}}
				}
				if err := noWords(words[1:]); err != nil {
					return err
				}
				return s.do(e, words[0], *user)
			}
		},
	}
}

// do carries out one action and says what it did.
func (s services) do(e *env, action, user string) error {
	actions := map[string]func(*env, string) error{
		"install":   s.install,
		"uninstall": s.uninstall,
		"start":     s.start,
		"stop":      s.stop,
		"status":    s.status,
	}
	act, ok := actions[action]
	switch {
	case !ok:
		return usageError{text{
			"service 没有动作 %q，只有 install、uninstall、start、stop、status。",
			"service cannot %q: only install, uninstall, start, stop and status.",
		}.with(action)}
	case user != "" && action != "install":
		return usageError{text{"--user 只用于 install。", "--user goes with install only."}}
	case action != "status" && !s.privileged():
		return &failure{text: text{"需要 root 或管理员权限，请用 sudo 或以管理员身份运行", "this needs root or administrator rights: use sudo, or run as administrator"}}
	}
	return act(e, user)
}

// state asks the service manager. A machine without one that restarts a failed
// service is not supported: there, whatever starts the machine's programs can
// start `parkagent run` just as well.
func (s services) state() (service.Service, service.Status, error) {
	switch s.platform() {
	case "linux-systemd", "windows-service":
	default:
		return nil, service.StatusUnknown, &failure{text: text{
			"服务 parkagent 未安装：本机没有 systemd 或 Windows 服务管理器，请用系统自带的启动方式运行 parkagent run",
			"service parkagent is not installed: this machine has no systemd and no Windows service manager; let its own init run `parkagent run`",
		}}
	}
	m, err := s.manager(&service.Config{Name: serviceName})
	if err != nil {
		return nil, service.StatusUnknown, fmt.Errorf("open the service manager: %w", err)
	}
	status, err := m.Status()
	return m, status, err
}

// installed is state, with the service being there.
func (s services) installed() (service.Service, service.Status, error) {
	m, status, err := s.state()
	if errors.Is(err, service.ErrNotInstalled) {
		return nil, status, &failure{text: text{"服务 parkagent 未安装", "service parkagent is not installed"}}
	}
	if m == nil {
		return nil, status, err
	}
	return m, status, nil // a failed service is there too, and can be started, stopped and removed
}

func (s services) install(e *env, user string) error {
	_, _, err := s.state()
	var unsupported *failure
	switch {
	case errors.As(err, &unsupported):
		return err
	case !errors.Is(err, service.ErrNotInstalled):
		return &failure{text{"服务 parkagent 已安装；如需更改，请先 uninstall", "service parkagent is installed already: to change it, uninstall it first"}, err}
	}
	config, err := filepath.Abs(e.config)
	if err != nil {
		return fmt.Errorf("find the configuration: %w", err)
	}
	// A service that could not start would be started again without end.
	site, err := loadSite(e)
	if err != nil {
		return err
	}
	data, err := filepath.Abs(site.Store.Dir)
	if err != nil {
		return fmt.Errorf("find the data folder: %w", err)
	}
	c, err := s.describe(config, data, user)
	if err != nil {
		return err
	}
	if err := s.giveTo(user, data); err != nil {
		return &failure{text{"无法准备数据目录", "prepare the data folder"}, err}
	}
	m, err := s.manager(c)
	if err != nil {
		return fmt.Errorf("open the service manager: %w", err)
	}
	if err := m.Install(); err != nil {
		return &failure{text{"安装服务失败", "install the service"}, err}
	}
	return e.tell(text{
		"服务 parkagent 已安装，配置为 %s。运行 `parkagent service start` 启动。",
		"Service parkagent is installed with configuration %s. `parkagent service start` starts it.",
	}.with(config))
}

func (s services) uninstall(e *env, _ string) error {
	m, status, err := s.installed()
	if err != nil {
		return err
	}
	if status == service.StatusRunning { // neither system stops what it removes
		if err := m.Stop(); err != nil {
			return &failure{text{"停止服务失败", "stop the service"}, err}
		}
	}
	if err := m.Uninstall(); err != nil {
		return &failure{text{"卸载服务失败", "uninstall the service"}, err}
	}
	return e.tell(text{"服务 parkagent 已卸载；配置和数据未动。", "Service parkagent is uninstalled; its configuration and data are untouched."})
}

func (s services) start(e *env, _ string) error {
	m, status, err := s.installed()
	switch {
	case err != nil:
		return err
	case status == service.StatusRunning:
		return e.tell(text{"服务 parkagent 已在运行。", "Service parkagent is running already."})
	}
	if err := m.Start(); err != nil {
		return &failure{text{"启动服务失败", "start the service"}, err}
	}
	return e.tell(text{"服务 parkagent 已启动。", "Service parkagent is started."})
}

func (s services) stop(e *env, _ string) error {
	m, _, err := s.installed()
	if err != nil {
		return err
	}
	if err := m.Stop(); err != nil {
		return &failure{text{"停止服务失败", "stop the service"}, err}
	}
	return e.tell(text{"服务 parkagent 已停止。", "Service parkagent is stopped."})
}

// status answers on stdout, and with the exit status for scripts.
func (s services) status(e *env, _ string) error {
	_, status, err := s.state()
	var unsupported *failure
	said := text{"服务 parkagent 已停止。", "Service parkagent is stopped."}
	switch {
	case errors.As(err, &unsupported):
		said = unsupported.text
	case errors.Is(err, service.ErrNotInstalled):
		said = text{"服务 parkagent 未安装。", "Service parkagent is not installed."}
	case err != nil:
		said = text{"服务 parkagent 出错：%v", "Service parkagent has a fault: %v"}.with(err)
	case status == service.StatusRunning:
		return e.tell(text{"服务 parkagent 正在运行。", "Service parkagent is running."})
	}
	if err := e.tell(said); err != nil {
		return err
	}
	return errSaid
}

// tell prints one line on stdout.
func (e *env) tell(t text) error {
	_, err := fmt.Fprintln(e.stdout, t.in(e.lang))
	return err
}
