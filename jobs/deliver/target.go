package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tidemark/load/bucket"
	"tidemark/load/excel"
	"tidemark/load/folder"
	"tidemark/load/mail"
	"tidemark/load/webhook"
	"tidemark/schemas"
)

// parcel is what is brought to a target.
type parcel struct {
	subscription string
	session      schemas.Date
	file         string // name of the workbook
	data         []byte
	hash         string // SHA-256 of data
	brief        excel.Brief
	missing      []string // figures that are not there yet, for people
}

// id is the same whenever the parcel is brought again.
func (p parcel) id() string { return p.subscription + "-" + p.session.String() }

// target is a place that parcels are brought to.
type target interface {
	kind() string
	place() string // for people; nothing secret
	// once reports that what was brought twice is there twice. Such a target
	// calls handing at the moment from which on the parcel may arrive.
	once() bool
	bring(ctx context.Context, p parcel, handing func(context.Context) error) error
}

var _ = []target{folderTarget{}, bucketTarget{}, hookTarget{}, mailTarget{}}

// xlsx is the media type of a workbook.
const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

type folderTarget struct{ path string }

func (folderTarget) kind() string    { return "folder" }
func (t folderTarget) place() string { return t.path }
func (folderTarget) once() bool      { return false }

func (t folderTarget) bring(_ context.Context, p parcel, _ func(context.Context) error) error {
	return folder.Replace(filepath.Join(t.path, p.file), func(w io.Writer) error {
		_, err := w.Write(p.data)
		return err
	})
}

type bucketTarget struct{ bucket *bucket.Bucket }

func (bucketTarget) kind() string    { return "bucket" }
func (t bucketTarget) place() string { return t.bucket.String() }
func (bucketTarget) once() bool      { return false }

func (t bucketTarget) bring(ctx context.Context, p parcel, _ func(context.Context) error) error {
	return t.bucket.Put(ctx, p.file, xlsx, p.data)
}

// hookTarget tells a program. It may be told twice where an answer was lost; the
// id of what it is told stays the same.
type hookTarget struct{ hook *webhook.Hook }

func (hookTarget) kind() string    { return "webhook" }
func (t hookTarget) place() string { return t.hook.Host() }
func (hookTarget) once() bool      { return false }

type hookMessage struct {
	ID           string         `json:"id"`
	Subscription string         `json:"subscription"`
	Session      schemas.Date   `json:"session"`
	Title        string         `json:"title"`
	Headlines    []hookHeadline `json:"headlines"`
	Missing      []string       `json:"missing"`
	Workbook     hookWorkbook   `json:"workbook"`
}

type hookHeadline struct {
	Family string `json:"family"`
	Text   string `json:"text"`
}

type hookWorkbook struct {
	File   string `json:"file"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (t hookTarget) bring(ctx context.Context, p parcel, _ func(context.Context) error) error {
	m := hookMessage{
		ID: p.id(), Subscription: p.subscription, Session: p.session, Title: p.brief.Title, Missing: append([]string{}, p.missing...),
		Workbook: hookWorkbook{p.file, len(p.data), p.hash},
	}
	for _, f := range p.brief.Families {
		m.Headlines = append(m.Headlines, hookHeadline{f.ID, f.Headline})
	}
	return t.hook.Post(ctx, m)
}

type mailTarget struct {
	sender  *mail.Sender
	to      []string
	largest int // MB of workbook that are attached
	link    string
}

func (mailTarget) kind() string    { return "email" }
func (t mailTarget) place() string { return strings.Join(t.to, ", ") }
func (mailTarget) once() bool      { return true }

func (t mailTarget) bring(ctx context.Context, p parcel, handing func(context.Context) error) error {
	l := letter{parcel: p}
	if l.Attached = len(p.data) <= t.largest<<20; t.link != "" {
		l.Link = t.link + "/" + p.file
	}
	m, err := l.message()
	if err != nil {
		return err
	}
	if l.Attached {
		m.Attachments = []mail.Attachment{{Name: p.file, Type: xlsx, Data: p.data}}
	}
	return t.sender.SendOnce(ctx, m, handing)
}

// uncertain reports whether a parcel may have arrived although an error says
// that it did not.
func uncertain(err error) bool {
	d, ok := errors.AsType[*mail.DeliveryError](err)
	return ok && d.Uncertain
}

// arrived reports whether a parcel has arrived, and what is to be told of it.
func arrived(err error) (bool, string) {
	if err == nil {
		return true, ""
	}
	partial, ok := errors.AsType[*mail.PartialError](err)
	return ok, fmt.Sprint(partial)
}
