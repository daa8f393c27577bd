package account

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/brand"
	"sallyport/internal/db"
	"sallyport/internal/texts"
)

// Each change of a face or text is made in one transaction with more.

// SetLook changes the account's name and what its face has beside the logo. Errors: those of the look, ErrNotFound.
func SetLook(ctx context.Context, d *db.DB, now time.Time, accountID string, l Look, by audit.Actor, more ...db.Stmt) error {
	return ChangeLook(ctx, d, now, accountID, LookChange{&l.Name, &l.Accent, &l.Support, &l.Issuer}, by, more...)
}

// LookChange is what becomes of a look; what is nil stays as it is.
type LookChange struct{ Name, Accent, Support, Issuer *string }

// ChangeLook is SetLook for some of it: what somebody else changes of the rest at the same moment stands.
func ChangeLook(ctx context.Context, d *db.DB, now time.Time, accountID string, c LookChange, by audit.Actor, more ...db.Stmt) error {
	detail := map[string]string{}
	return changeFace(ctx, d, now, accountID, detail, by, func(name *string, f *Face) error {
		l := Account{Name: *name, Face: *f}.Look()
		for _, m := range []struct{ to, is *string }{{&l.Name, c.Name}, {&l.Accent, c.Accent}, {&l.Support, c.Support}, {&l.Issuer, c.Issuer}} {
			if m.is != nil {
				*m.to = *m.is
			}
		}
		l, err := l.check()
		if err != nil {
			return err
		}
		*name, f.Accent, f.Support, f.Issuer = l.Name, l.Accent, l.Support, l.Issuer
		maps.Copy(detail, map[string]string{"name": l.Name, "accent": l.Accent, "support": l.Support, "issuer": l.Issuer})
		return nil
	}, more...)
}

// SetLogo gives the account a logo. Errors: those of brand.ReadLogo, ErrNotFound.
func SetLogo(ctx context.Context, d *db.DB, now time.Time, accountID string, file []byte, by audit.Actor, more ...db.Stmt) error {
	logo, err := brand.ReadLogo(file)
	if err != nil {
		return err
	}
	p := Picture{File: fileOf(accountID, logo.PNG), Width: logo.Width, Height: logo.Height, Pale: logo.Pale}
	detail := map[string]string{"logo": strconv.Itoa(p.Width) + " × " + strconv.Itoa(p.Height)}
	return changeFace(ctx, d, now, accountID, detail, by, func(_ *string, f *Face) error { f.Logo = p; return nil },
		append(more, db.Write(`
			INSERT INTO account_logos (account_id, file, png) VALUES ($1, $2, $3)
			ON CONFLICT (account_id) DO UPDATE SET file = excluded.file, png = excluded.png`, accountID, p.File, logo.PNG))...)
}

// RemoveLogo takes the account's logo away, if there is one.
func RemoveLogo(ctx context.Context, d *db.DB, now time.Time, accountID string, by audit.Actor, more ...db.Stmt) error {
	return changeFace(ctx, d, now, accountID, map[string]string{"logo": "removed"}, by, func(_ *string, f *Face) error { f.Logo = Picture{}; return nil },
		append(more, db.Write(`DELETE FROM account_logos WHERE account_id = $1`, accountID))...)
}

// changeFace writes a name and face only where they still are as they were read, so that two administrators at once
// lose nothing of each other's.
func changeFace(ctx context.Context, d *db.DB, now time.Time, accountID string, detail map[string]string, by audit.Actor, change func(*string, *Face) error, more ...db.Stmt) error {
	var name, old string
	err := d.Get(ctx, `SELECT name, face FROM accounts WHERE account_id = $1`, []any{accountID}, &name, &old)
	if errors.Is(err, db.ErrNotFound) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	f, err := decodeFace(old)
	if err != nil {
		return err
	}
	was := name
	if err := change(&name, &f); err != nil {
		return err
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if name == was && string(text) == old {
		return nil // saved as it was: nothing has changed, and nothing is to be told
	}
	return d.Run(ctx, append([]db.Stmt{
		db.Must(errNewFace, `UPDATE accounts SET name = $2, face = $3 WHERE account_id = $1 AND name = $4 AND face = $5`, accountID, name, string(text), was, old),
		audit.Record(now, audit.Event{AccountID: accountID, Action: audit.AccountFaceChanged, Actor: by, Target: accountID, Detail: detail}),
	}, more...)...)
}

// SetText gives the account its own wording of a text. Errors: ErrLanguage, those of texts.Catalogue.Check, ErrNotFound.
func SetText(ctx context.Context, d *db.DB, now time.Time, accountID string, l texts.Language, key, own string, by audit.Actor, more ...db.Stmt) error {
	if !slices.Contains(texts.Languages(), l) {
		return ErrLanguage
	}
	own, err := texts.In(l).Check(key, own)
	if err != nil {
		return err
	}
	return d.Run(ctx, append(append(reworded(now, accountID, l, key, own, by), more...), db.Write(`
		INSERT INTO account_texts (account_id, language, text_key, wording) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, language, text_key) DO UPDATE SET wording = excluded.wording`, accountID, string(l), key, own))...)
}

// RestoreText takes an own wording back, or fails with ErrNotOwn.
func RestoreText(ctx context.Context, d *db.DB, now time.Time, accountID string, l texts.Language, key string, by audit.Actor, more ...db.Stmt) error {
	if !slices.Contains(texts.Languages(), l) {
		return ErrLanguage
	}
	if !texts.In(l).Editable(key) {
		return texts.ErrKey
	}
	return d.Run(ctx, append(append(reworded(now, accountID, l, key, "", by), more...),
		db.Must(ErrNotOwn, `DELETE FROM account_texts WHERE account_id = $1 AND language = $2 AND text_key = $3`, accountID, string(l), key))...)
}

// reworded tells every process, by the next reading of the account, that its texts have changed.
func reworded(now time.Time, accountID string, l texts.Language, key, own string, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		db.Must(ErrNotFound, `UPDATE accounts SET wording = wording + 1 WHERE account_id = $1`, accountID),
		audit.Record(now, audit.Event{
			AccountID: accountID, Action: audit.AccountFaceChanged, Actor: by, Target: accountID,
			Detail: map[string]string{"text": key, "language": string(l), "wording": own},
		}),
	}
}

// OwnTexts returns the account's own wordings in a language, by key.
func OwnTexts(ctx context.Context, q db.Querier, accountID string, l texts.Language) (map[string]string, error) {
	own := map[string]string{}
	err := q.Each(ctx, `SELECT text_key, wording FROM account_texts WHERE account_id = $1 AND language = $2`, []any{accountID, string(l)},
		func(scan func(...any) error) error {
			var key, text string
			err := scan(&key, &text)
			own[key] = text
			return err
		})
	return own, err
}

// readLogo returns the picture of this name, or db.ErrNotFound.
func readLogo(ctx context.Context, q db.Querier, file string) (png []byte, err error) {
	err = q.Get(ctx, `SELECT png FROM account_logos WHERE file = $1`, []any{file}, &png)
	return png, err
}
