package admin

import (
	"context"
	"errors"
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
	err = d.Run(ctx, append([]db.Stmt{removeFact(restored, errNotRestored)}, ending(now)...)...)
	if errors.Is(err, errNotRestored) { // another process was faster
		return false, nil
	}
	return err == nil, err
}

// Restored is EndRestored for a backup that has no mark of ours, which the operator says was restored.
func Restored(ctx context.Context, d *db.DB, now time.Time) error {
	return d.Run(ctx, ending(now)...)
}

// ending ends all that was signed in, half-finished, trusted or mailed when the backup was made: nobody knows any more what of it was
// ended since, by its owner or because it was used.
func ending(now time.Time) []db.Stmt {
	return []db.Stmt{user.EndEverybody(), audit.Record(now, audit.Event{Action: audit.Restored, Actor: audit.Operator()})}
}
