package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

var reference = regexp.MustCompile(`^\$\{(file:|age:)?([^}]+)\}$`)

// identityVariable names the file of the keys by which encrypted secrets are read, as
// age-keygen writes it.
const identityVariable = "TIDEMARK_AGE_IDENTITY"

// maxSecret bounds a file that holds a secret, in bytes.
const maxSecret = 64 << 10

// expand replaces ${NAME} by the environment variable, ${file:PATH} by the first line
// of the file and ${age:PATH} by that of the file encrypted with age, so that a
// configuration need not hold a secret, nor a disk a readable one. What a secret is,
// no error says.
func expand(value string, env func(string) (string, bool)) (string, error) {
	m := reference.FindStringSubmatch(value)
	switch {
	case m == nil:
		return value, nil
	case m[1] == "":
		v, ok := env(m[2])
		if !ok {
			return "", fmt.Errorf("the environment has no variable %s", m[2])
		}
		return v, nil
	}
	f, err := os.Open(m[2])
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	defer func() { _ = f.Close() }()
	var in io.Reader = f
	if m[1] == "age:" {
		if in, err = decrypted(f, env); err != nil {
			return "", fmt.Errorf("read the secret in %s: %w", m[2], err)
		}
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSecret))
	if err != nil {
		return "", fmt.Errorf("read the secret in %s: %w", m[2], err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first), nil
}

// decrypted reads a file encrypted with age, plain or armoured.
func decrypted(f io.Reader, env func(string) (string, bool)) (io.Reader, error) {
	path, ok := env(identityVariable)
	if !ok || path == "" {
		return nil, fmt.Errorf("it is encrypted: let the variable %s name the file of the key that age-keygen made", identityVariable)
	}
	keys, err := os.Open(path) // #nosec G304,G703 -- the file that the user names
	if err != nil {
		return nil, fmt.Errorf("open the key: %w", err)
	}
	defer func() { _ = keys.Close() }()
	identities, err := age.ParseIdentities(keys)
	if err != nil {
		return nil, fmt.Errorf("%s holds no key that age-keygen made", path) // the cause may repeat a line of it
	}
	in := bufio.NewReader(f)
	if head, err := in.Peek(len(armor.Header)); err == nil && string(head) == armor.Header {
		out, err := age.Decrypt(armor.NewReader(in), identities...)
		return out, refused(err)
	}
	out, err := age.Decrypt(in, identities...)
	return out, refused(err)
}

// refused says what a refusal to decrypt means.
func refused(err error) error {
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return errors.New("it is encrypted for another key than " + identityVariable + " names")
	}
	if err != nil {
		return errors.New("it is no file that age has encrypted, or is damaged") // the cause repeats what stands there
	}
	return nil
}
