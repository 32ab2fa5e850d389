//go:build !linux && !darwin

package engine

import (
	"errors"
	"os"
	"syscall"
)

// supported refuses these platforms before any of what follows is reached.

func tryLock(string) (*os.File, bool, error) { return nil, false, errors.ErrUnsupported }

func tryShare(string) (*os.File, bool, error) { return nil, false, errors.ErrUnsupported }

func ownGroup() *syscall.SysProcAttr { return nil }

func serve(_, _, _ string) error { return errors.ErrUnsupported }
