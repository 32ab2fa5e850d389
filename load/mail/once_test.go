package mail

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// TestHandingComesBeforeTheEnd refuses at the last moment: the server must not
// have taken the message.
func TestHandingComesBeforeTheEnd(t *testing.T) {
	t.Parallel()
	p := open(t, StartTLS, "localhost")
	s := p.sender(t, StartTLS, nil)
	calls := 0
	handing := func(context.Context) error {
		calls++
		if len(p.box()) != 0 {
			t.Error("the server has the message before it is handed over")
		}
		return errors.New("the ledger cannot be written")
	}
	err := s.SendOnce(t.Context(), letter, handing)
	d, ok := errors.AsType[*DeliveryError](err)
	if !ok || d.Uncertain || d.Permanent() || !strings.Contains(err.Error(), "the ledger cannot be written") {
		t.Errorf("got %v", err)
	}
	if len(p.box()) != 0 || calls != 1 {
		t.Errorf("%d messages arrived, %d calls", len(p.box()), calls)
	}
}

// TestUncertainIsWhatHasNoAnswer has a server that answers at the end, and one
// that hangs up instead.
func TestUncertainIsWhatHasNoAnswer(t *testing.T) {
	t.Parallel()
	p := open(t, StartTLS, "localhost")
	p.answers = []*smtp.SMTPError{{Code: 452, Message: "no space"}}
	if err := failed(t, p.sender(t, StartTLS, nil)); err.Uncertain || err.Code != 452 {
		t.Errorf("uncertain %v: %v", err.Uncertain, err)
	}
	p.hangUp = true
	if err := failed(t, p.sender(t, StartTLS, nil)); !err.Uncertain {
		t.Errorf("certain: %v", err)
	}
	if len(p.box()) != 1 {
		t.Errorf("%d messages, want the one that was not answered", len(p.box()))
	}
	p.gone["ann@example.org"] = &smtp.SMTPError{Code: 450, Message: "later"}
	if err := failed(t, p.sender(t, StartTLS, nil)); err.Uncertain {
		t.Errorf("uncertain before there was a message: %v", err)
	}
}

func TestInlinePictures(t *testing.T) {
	t.Parallel()
	p := open(t, StartTLS, "localhost")
	m := letter
	m.HTML = `<img src="cid:breadth.png" alt="Breadth">`
	m.Inline = []Attachment{{Name: "breadth.png", Type: "image/png", Data: []byte("\x89PNG")}}
	if err := p.sender(t, StartTLS, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	data := p.box()[0].data
	for _, want := range []string{"multipart/related", "Content-Id: <breadth.png>", "Content-Type: image/png", "Content-Disposition: inline", `filename="facts.csv"`} {
		if !strings.Contains(strings.ToLower(data), strings.ToLower(want)) {
			t.Errorf("the message lacks %q:\n%s", want, data)
		}
	}
	m.Inline[0].Name = "../breadth.png"
	if err := p.sender(t, StartTLS, nil).Send(t.Context(), m); err == nil {
		t.Error("a name with a folder was taken")
	}
}
