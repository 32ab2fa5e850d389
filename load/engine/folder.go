package engine

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of an engine's folder. All but the data are small.
const (
	lockFile      = "engine.lock"
	guestsFile    = "guests.lock"
	stateFile     = "engine.json"
	passwordsFile = "passwords.json"
	configFile    = "conf/config.xml"
	usersFile     = "conf/users.xml"
	logFile       = "engine.log"
	dataFolder    = "data"
	backupFolder  = "data/backups" // a confined engine writes nowhere else
)

// state is what an owner leaves in the folder for other processes to find its
// engine by. It is proven over the wire: the engine must say the token.
type state struct {
	OwnerPID  int       `json:"owner_pid"`
	Since     time.Time `json:"since"`
	EnginePID int       `json:"engine_pid"` // 0 when it is not ready
	Version   string    `json:"version"`
	TCPPort   int       `json:"tcp_port"`
	HTTPPort  int       `json:"http_port"`
	Token     string    `json:"token"`
	Probe     string    `json:"probe"` // password of the user that may ask for the token, and nothing else
}

// passwords outlive a start: BI tools keep theirs.
type passwords struct {
	Loader string `json:"loader"`
	BI     string `json:"bi"`
}

// folder is the engine's place on disk.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// make creates the folder, closed to other users.
func (f folder) make() error {
	for _, name := range []string{dataFolder, backupFolder, filepath.Dir(configFile)} {
		if err := os.MkdirAll(f.path(name), 0o700); err != nil {
			return fmt.Errorf("engine: make the data folder: %w", err)
		}
	}
	if err := os.Chmod(string(f), 0o700); err != nil { //nolint:gosec // a folder needs x
		return fmt.Errorf("engine: close the data folder to others: %w", err)
	}
	return nil
}

// write replaces a file of the folder in one step, readable by its owner only.
func (f folder) write(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(f.path(name)), filepath.Base(name)+".*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("engine: write %s: %w", name, err)
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), f.path(name))
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("engine: write %s: %w", name, err)
	}
	return nil
}

func (f folder) writeState(s state) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("engine: encode the state: %w", err)
	}
	return f.write(stateFile, data)
}

// readState returns the zero state when there is none.
func (f folder) readState() (state, error) {
	var s state
	return s, f.readJSON(stateFile, &s)
}

func (f folder) readPasswords() (passwords, error) {
	var p passwords
	return p, f.readJSON(passwordsFile, &p)
}

func (f folder) readJSON(name string, into any) error {
	data, err := os.ReadFile(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("engine: read %s: %w", name, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("engine: read %s: %w", f.path(name), err)
	}
	return nil
}

// ensurePasswords returns the folder's passwords and makes them the first time.
func (f folder) ensurePasswords() (passwords, error) {
	p, err := f.readPasswords()
	if err != nil {
		return p, fmt.Errorf("%w: remove the file, and new passwords are made", err)
	}
	if p.Loader != "" && p.BI != "" {
		return p, os.Chmod(f.path(passwordsFile), 0o600)
	}
	p = passwords{Loader: rand.Text(), BI: rand.Text()}
	data, err := json.Marshal(p)
	if err != nil {
		return p, fmt.Errorf("engine: encode the passwords: %w", err)
	}
	return p, f.write(passwordsFile, append(data, '\n'))
}

// rotateLog keeps the log of the run before.
func (f folder) rotateLog() error {
	err := os.Rename(f.path(logFile), f.path(logFile+".1"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("engine: rotate the log: %w", err)
	}
	return nil
}

// capLog moves a log that has grown beyond a size away. The engine goes on
// writing to the same file, at its end, so the text is copied and not renamed;
// a line written in between is lost.
func (f folder) capLog(size int64) error {
	if f.logSize() <= size {
		return nil
	}
	from, err := os.OpenFile(f.path(logFile), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("engine: cut the log: %w", err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(f.path(logFile+".1"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("engine: cut the log: %w", err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close(), from.Truncate(0)); err != nil {
		return fmt.Errorf("engine: cut the log: %w", err)
	}
	return nil
}

func (f folder) openLog() (*os.File, error) {
	log, err := os.OpenFile(f.path(logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("engine: open the log: %w", err)
	}
	return log, nil
}

// logTail returns the last lines of the log from an offset on, for an error.
func (f folder) logTail(from int64) []string {
	const most, lines = 4096, 6
	file, err := os.Open(f.path(logFile))
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil
	}
	from = max(from, info.Size()-most)
	text, err := io.ReadAll(io.NewSectionReader(file, from, most))
	if err != nil {
		return nil
	}
	all := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
	return all[max(0, len(all)-lines):]
}

func (f folder) logSize() int64 {
	info, err := os.Stat(f.path(logFile))
	if err != nil {
		return 0
	}
	return info.Size()
}
