package enginetest

import "syscall"

// free returns the bytes free in a file system, or 0 where it is not there.
func free(path string) uint64 {
	var s syscall.Statfs_t
	if syscall.Statfs(path, &s) != nil {
		return 0
	}
	return s.Bavail * uint64(s.Bsize)
}
