package admin_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"reflect"
	"slices"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// everybodys are the deeds of an administrator that are on no person in particular, by the method.
var everybodys = map[string]func(ctx context.Context, t *testing.T, w *domaintest.World, b domaintest.Browser) error{
	"Invite": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		_, err := w.Admin.Invite(ctx, proof(w, b), b.Signed, admin.Invitee{Email: "new@acme.test", Role: user.Member}, b.As())
		return err
	},
	"SetPolicy": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		was := b.Signed.Account.Policy
		return w.Admin.SetPolicy(ctx, proof(w, b), b.Signed, was, requiring(was, 9), b.As())
	},
	"ChangePolicy": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		_, err := w.Admin.ChangePolicy(ctx, proof(w, b), b.Signed, "", []string{"grace_days=9"}, b.As())
		return err
	},
	"Remind": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		_, err := w.Admin.Remind(ctx, proof(w, b), b.Signed, b.As())
		return err
	},
	"SetMailServer": func(ctx context.Context, t *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.SetMailServer(ctx, prove(t, w, b.Signed.User), b.Signed, acmeMail, b.As())
	},
	"RemoveMailServer": func(ctx context.Context, t *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.RemoveMailServer(ctx, prove(t, w, b.Signed.User), b.Signed, b.As())
	},
	"TestMailServer": func(ctx context.Context, t *testing.T, w *domaintest.World, b domaintest.Browser) error {
		w.Admin.SendTest = func(context.Context, account.Account, user.User, audit.Actor) error {
			t.Error("a message is sent")
			return nil
		}
		return w.Admin.TestMailServer(ctx, b.Signed, b.As())
	},
	"SetLook": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.SetLook(ctx, b.Signed, account.Look{Name: "Eve Corp"}, b.As())
	},
	"ChangeLook": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		name := "Eve Corp"
		return w.Admin.ChangeLook(ctx, b.Signed, account.LookChange{Name: &name}, b.As())
	},
	"SetLogo": func(ctx context.Context, t *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.SetLogo(ctx, b.Signed, logo(t, 30), b.As())
	},
	"RemoveLogo": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.RemoveLogo(ctx, b.Signed, b.As())
	},
	"SetText": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.SetText(ctx, b.Signed, texts.English, "verify.button", "Let Eve in", b.As())
	},
	"RestoreText": func(ctx context.Context, _ *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.RestoreText(ctx, b.Signed, texts.English, "verify.button", b.As())
	},
	"ExportPeople": func(ctx context.Context, t *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.ExportPeople(ctx, b.Signed, user.Query{}, "csv", b.As(), func([]user.Listed) error { t.Error("people are exported"); return nil })
	},
	"ExportAudit": func(ctx context.Context, t *testing.T, w *domaintest.World, b domaintest.Browser) error {
		return w.Admin.ExportAudit(ctx, b.Signed, audit.Filter{}, audit.CSV, b.As(), func([]audit.Event, map[string]audit.Named) error { t.Error("the log is exported"); return nil })
	},
}

// onPeople are the methods that deeds call, and EndKeys, which goes the same way.
var onPeople = []string{"Reset", "GiveCode", "LockUser", "UnlockUser", "SetRole", "ChangeUser", "EndSessions", "EndBrowsers", "EndKeys", "RemoveUser"}

// TestEveryDeedIsTried: what a session does, and is recorded, must be held to it. A new method stands in one of the tables.
func TestEveryDeedIsTried(t *testing.T) {
	signed, by := reflect.TypeFor[*session.Signed](), reflect.TypeFor[audit.Actor]()
	service := reflect.TypeFor[*admin.Service]()
	for m := range service.NumMethod() {
		method := service.Method(m)
		var takes []reflect.Type
		for i := range method.Type.NumIn() {
			takes = append(takes, method.Type.In(i))
		}
		if _, tried := everybodys[method.Name]; !tried && slices.Contains(takes, signed) && slices.Contains(takes, by) && !slices.Contains(onPeople, method.Name) {
			t.Errorf("%s is in no table of what an ended session is refused", method.Name)
		}
	}
}

// furnish gives the account all that an administrator could take away.
func furnish(t *testing.T, w *domaintest.World) {
	t.Helper()
	a, err := account.Get(t.Context(), w.DB, w.Acme.ID)
	wantError(t, "read", err, nil)
	p := a.Policy
	p.Enforcement = account.Recommended
	wantError(t, "policy", account.SetPolicy(t.Context(), w.DB, w.Clock.Now(), a.ID, p, audit.Operator()), nil)
	wantError(t, "mail server", w.Channels.Set(t.Context(), a.ID, acmeMail, true, audit.Operator()), nil)
	wantError(t, "logo", account.SetLogo(t.Context(), w.DB, w.Clock.Now(), a.ID, logo(t, 40), audit.Operator()), nil)
	wantError(t, "text", account.SetText(t.Context(), w.DB, w.Clock.Now(), a.ID, texts.English, "verify.button", "Go on", audit.Operator()), nil)
}

func logo(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// done is how many events of the account's record are somebody's.
func done(t *testing.T, w *domaintest.World, u user.User) (n int) {
	t.Helper()
	events, err := audit.List(t.Context(), w.DB, w.Acme.ID, 10_000)
	wantError(t, "record", err, nil)
	for _, e := range events {
		if e.Actor.ID == u.ID {
			n++
		}
	}
	return n
}
