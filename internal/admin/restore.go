package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/user"
)

// restored is the fact by which a backup of ours is told from the database that it was made of: whoever opens it has restored it.
const restored = "restored"

var errNotRestored = errors.New("admin: the mark of a restored backup is gone")

// MarkBackup returns the statement that marks a copy of the database, for db.Backup.
func MarkBackup() db.Stmt { return setFact(restored, []byte(restored), time.Time{}) }

// EndRestored ends what must not live on in a restored backup (security.md B72), if the database is one that nobody has opened yet, and
// reports whether it did.
func EndRestored(ctx context.Context, d *db.DB, now time.Time) (bool, error) {
	mark, _, err := fact(ctx, d, restored)
	if err != nil || mark == nil {
		return false, err
	}
	err = end(ctx, d, now, removeFact(restored, errNotRestored))
	if errors.Is(err, errNotRestored) { // another process was faster
		return false, nil
	}
	return err == nil, err
}

// Restored is EndRestored for a backup that has no mark of ours, which the operator says was restored.
func Restored(ctx context.Context, d *db.DB, now time.Time) error { return end(ctx, d, now) }

// end ends all that was signed in, half-finished, trusted or mailed when the backup was made: nobody knows any more what of it was
// ended since, by its owner or because it was used. So it calls off the planned ends of second factors too (K2): a thief may have planned
// one and its owner called it off since, and whoever means it asks anew.
func end(ctx context.Context, d *db.DB, now time.Time, first ...db.Stmt) error {
	by := audit.Operator()
	for {
		off, err := user.CallOffAll(ctx, d, now, "", by)
		if err != nil {
			return err
		}
		stmts := append(slices.Clone(first), user.EndEverybody(), audit.Record(now, audit.Event{Action: audit.Restored, Actor: by}))
		// Each lost round is a plan that was made or called off, so the loop ends.
		if err := d.Run(ctx, append(stmts, off...)...); !errors.Is(err, user.ErrChanged) {
			return err
		}
	}
}
