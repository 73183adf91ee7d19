package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"
)

// dataDir reads from the configuration the folder of the books, which the
// service must be able to write to. It looks at nothing else: whether the rest
// is right is told by the command that checks it.
func dataDir(config string) (string, error) {
	raw, err := os.ReadFile(config)
	if err != nil {
		return "", &failure{text{"无法读取配置", "read the configuration"}, fmt.Errorf("%w: %w", errConfig, err)}
	}
	var file struct {
		Store struct{ Dir string }
	}
	if err := toml.Unmarshal(bytes.TrimPrefix(raw, []byte("\ufeff")), &file); err != nil {
		return "", &failure{text{"配置 %s 有误", "configuration %s"}.with(config), fmt.Errorf("%w: %w", errConfig, err)}
	}
	dir := file.Store.Dir
	if dir == "" {
		dir = "data"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(config), dir)
	}
	return dir, nil
}
