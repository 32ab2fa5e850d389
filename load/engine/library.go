package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// Version is the release of the engine that this program is made for, as its
// npm packages are numbered. The server in it calls itself 26.7.2.
const Version = "26.7.3-stable.1"

const libraryFile = "libchdb.so"

// pin is what the library of a platform has to be, to the bit.
type pin struct {
	Package   string // on npm
	Release   string
	Integrity string // npm's dist.integrity: the SHA-512 of the tarball
	SHA256    string // of the library in it
	Size      int64  // of the tarball, bytes; for people
}

// pins has the platforms whose library was run with this program. The same
// release exists for others; each would be one entry more.
var pins = map[string]pin{
	"linux/amd64": {
		Package:   "@chdb/lib-linux-x64-gnu",
		Release:   Version,
		Integrity: "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
		SHA256:    "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
		Size:      177_817_999,
	},
}

// platformPin returns the pin of a platform, or says why there is none.
func platformPin(goos, goarch string) (pin, error) {
	platform := goos + "/" + goarch
	p, ok := pins[platform]
	switch {
	case ok:
		return p, nil
	case goos == "windows":
		return p, &UnsupportedError{Platform: platform, Reason: "the engine has no Windows build"}
	default:
		return p, &UnsupportedError{Platform: platform, Reason: "no engine library is pinned for it; a libchdb that you trust can be named as engine library"}
	}
}

// supported says whether the engine can run here at all.
func supported() error {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		_, err := platformPin(runtime.GOOS, runtime.GOARCH)
		return err
	}
	return nil
}

// DefaultCache is where the library is kept: tidemark/engine in the user's
// cache folder, outside any checkout.
func DefaultCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("engine: find the cache folder: %w", err)
	}
	return filepath.Join(dir, "tidemark", "engine"), nil
}

// Library returns the path of the engine's library in a cache; "" means
// DefaultCache. Its hash is known to be the pinned one: it was computed after
// it was written, and is computed again when the file looks changed. It
// returns *NotInstalledError when there is no such library.
func Library(cache string) (string, error) {
	p, err := platformPin(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	if cache == "" {
		if cache, err = DefaultCache(); err != nil {
			return "", err
		}
	}
	path := filepath.Join(cache, p.Release, libraryFile)
	return path, checkLibrary(path, p)
}

// stamp remembers that a file had a hash, so that 566 MB need not be read at
// every start.
type stamp struct {
	Size     int64  `json:"size"`
	Modified int64  `json:"modified_ns"`
	SHA256   string `json:"sha256"`
}

func checkLibrary(path string, p pin) error {
	info, err := os.Stat(path)
	if err != nil {
		return &NotInstalledError{Path: path, Reason: "is not there"}
	}
	now := stamp{Size: info.Size(), Modified: info.ModTime().UnixNano(), SHA256: p.SHA256}
	if text, err := os.ReadFile(stampPath(path)); err == nil {
		var then stamp
		if json.Unmarshal(text, &then) == nil && then == now {
			return nil
		}
	}
	sum, err := hashFile(path)
	if err != nil {
		return fmt.Errorf("engine: check the library: %w", err)
	}
	if sum != p.SHA256 {
		return &NotInstalledError{Path: path, Reason: "is not the pinned library: its sha256 is " + sum + ", not " + p.SHA256}
	}
	return writeStamp(path, now)
}

func stampPath(library string) string { return library + ".json" }

func writeStamp(library string, s stamp) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("engine: encode the stamp: %w", err)
	}
	return folder(filepath.Dir(library)).write(filepath.Base(stampPath(library)), text)
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the library it is asked about
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
