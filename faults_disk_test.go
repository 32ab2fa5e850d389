package main

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// badDisk is a file system whose files lie in another folder, and which answers with
// input/output errors while it is bad.
type badDisk struct {
	fuse.RawFileSystem
	bad    atomic.Bool
	errors atomic.Int64
}

// mountBadDisk lays the file system over a folder.
func mountBadDisk(t *testing.T, over string) *badDisk {
	t.Helper()
	below := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(below, 0o750); err != nil {
		t.Fatal(err)
	}
	root, err := fs.NewLoopbackRoot(below)
	if err != nil {
		t.Fatal(err)
	}
	d := &badDisk{RawFileSystem: fs.NewNodeFS(root, &fs.Options{})}
	server, err := fuse.NewServer(d, over, &fuse.MountOptions{DirectMountStrict: true, AllowOther: true, Name: "bad"})
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.bad.Store(false)
		if err := server.Unmount(); err != nil {
			unmount(over)
		}
	})
	return d
}

// fails reports whether the disk is bad.
func (d *badDisk) fails() bool {
	if !d.bad.Load() {
		return false
	}
	d.errors.Add(1)
	return true
}

// Create implements [fuse.RawFileSystem].
func (d *badDisk) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	if d.fails() {
		return fuse.EIO
	}
	return d.RawFileSystem.Create(cancel, in, name, out)
}

// Mkdir implements [fuse.RawFileSystem].
func (d *badDisk) Mkdir(cancel <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	if d.fails() {
		return fuse.EIO
	}
	return d.RawFileSystem.Mkdir(cancel, in, name, out)
}

// Link implements [fuse.RawFileSystem].
func (d *badDisk) Link(cancel <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	if d.fails() {
		return fuse.EIO
	}
	return d.RawFileSystem.Link(cancel, in, name, out)
}

// Rename implements [fuse.RawFileSystem].
func (d *badDisk) Rename(cancel <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	if d.fails() {
		return fuse.EIO
	}
	return d.RawFileSystem.Rename(cancel, in, from, to)
}

// Read implements [fuse.RawFileSystem].
func (d *badDisk) Read(cancel <-chan struct{}, in *fuse.ReadIn, to []byte) (fuse.ReadResult, fuse.Status) {
	if d.fails() {
		return nil, fuse.EIO
	}
	return d.RawFileSystem.Read(cancel, in, to)
}

// Write implements [fuse.RawFileSystem].
func (d *badDisk) Write(cancel <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	if d.fails() {
		return 0, fuse.EIO
	}
	return d.RawFileSystem.Write(cancel, in, data)
}

// Fsync implements [fuse.RawFileSystem].
func (d *badDisk) Fsync(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	if d.fails() {
		return fuse.EIO
	}
	return d.RawFileSystem.Fsync(cancel, in)
}
