package main

import (
	"errors"
	"io/fs"
	"net"
	"syscall"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/store"
)

// wsaAddressInUse is EADDRINUSE as Windows says it. No other system has an error
// with this number.
const wsaAddressInUse = syscall.Errno(10048)

// explainRun puts words for an installer around what commonly keeps an agent
// from starting.
func explainRun(err error, site *config.Config) error {
	var listen *net.OpError
	var file *fs.PathError
	var books sqliteError
	address, section := site.API.Listen, "[api]"
	if errors.As(err, new(*agent.ConsoleError)) {
		address, section = site.Console.Listen, "[console]"
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaAddressInUse):
		return &failure{text{
			"地址 %s 已被占用：另一个 parkagent 或其他程序正在使用；请停止它，或修改 %s listen",
			"address %s is in use: by another parkagent or another program; stop it, or change listen in %s",
		}.with(address, section), err}
	case errors.As(err, &listen) && listen.Op == "listen":
		return &failure{text{"无法监听 %s；请检查 %s listen", "cannot listen on %s; check listen in %s"}.with(address, section), err}
	case errors.Is(err, agent.ErrInUse):
		return &failure{text{
			"数据目录 %s 正由另一个 parkagent 使用；同一数据目录只能运行一个，请先停止另一个",
			"the data folder %s is in use by another parkagent; only one may run on it, stop the other one first",
		}.with(site.Store.Dir), err}
	case errors.Is(err, store.ErrNewer):
		return &failure{text{
			"数据 %s 是更新版本的程序写的；请安装该版本，或恢复升级前的备份",
			"data %s was written by a newer version of this program; install that version, or restore the backup from before the upgrade",
		}.with(agent.DatabasePath(site)), err}
	case errors.As(err, &file):
		return &failure{folderTrouble(err).with(site.Store.Dir), err}
	case errors.As(err, &books):
		return &failure{booksTrouble(books.Code()).with(agent.DatabasePath(site)), err}
	}
	return &failure{text{"运行中出错", "the agent failed"}, err}
}

// folderTrouble says what is wrong with the data folder when one of its files
// cannot be made or opened.
func folderTrouble(err error) text {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return text{
			"无权写数据目录 %s；请用 sudo 或以服务用户运行，或修改 [store] dir",
			"the data folder %s may not be written; use sudo, run as the service's user, or change dir in [store]",
		}
	case errors.Is(err, syscall.EROFS):
		return text{
			"数据目录 %s 所在的磁盘是只读的：可能已损坏，或挂载为只读；请更换磁盘，或修改 [store] dir",
			"the data folder %s is on a disk that is read-only: it may be broken, or be mounted so; replace it, or change dir in [store]",
		}
	case errors.Is(err, syscall.ENOSPC):
		return text{"磁盘已满，数据目录 %s 无法写入；请先腾出空间", "the disk is full and the data folder %s cannot be written; make room first"}
	}
	return text{"无法使用数据目录 %s；请检查 [store] dir", "the data folder %s cannot be used; check dir in [store]"}
}

// A sqliteError is what the database itself reports. Only package store knows
// the library.
type sqliteError interface {
	error
	Code() int
}

// booksTrouble says what is wrong when the database cannot be opened, by the
// lower byte of its code, which is the kind of error.
func booksTrouble(code int) text {
	const corrupt, full, noDatabase, busy, ioError = 11, 13, 26, 5, 10
	switch code & 0xff {
	case corrupt, noDatabase:
		return text{
			"数据 %s 已损坏；请恢复备份。没有备份时把整个数据目录改名保存后再启动：场内车辆和未上报的记录会丢失",
			"the data %s is damaged; restore the backup. Without one, rename the whole data folder, keep it and start again: the cars inside and what was not reported are lost",
		}
	case busy:
		return text{"数据 %s 正被另一个程序使用；请先停止它", "the data %s is in use by another program; stop it first"}
	case full, ioError:
		return text{"无法写数据 %s；磁盘已满或已损坏", "the data %s cannot be written; the disk is full or broken"}
	}
	return text{"无法打开数据 %s", "the data %s cannot be opened"}
}
