package user

import (
	"context"
	"strconv"
	"strings"

	"sallyport/internal/db"
)

// Name is what a person is called.
type Name struct{ Name, Email string }

// Called gives the name, or the e-mail address where there is none.
func (n Name) Called() string {
	if n.Name != "" {
		return n.Name
	}
	return n.Email
}

// atOnce is how many names one query looks up. The text of the query is always the same, so that it is prepared once.
const atOnce = 100

// slots are so many places for arguments: "$2", "$3", …
func slots(first, n int) (all []string) {
	for i := range n {
		all = append(all, "$"+strconv.Itoa(first+i))
	}
	return all
}

var selectNames = `SELECT user_id, name, email FROM users WHERE account_id = $1 AND user_id IN (` + strings.Join(slots(2, atOnce), ", ") + `)`

// Names looks up what people of an account are called, by their ids. Who is not there is missing in the answer. A page's worth
// of ids is one query.
func Names(ctx context.Context, q db.Querier, accountID string, ids []string) (map[string]Name, error) {
	named := make(map[string]Name, len(ids))
	for len(ids) > 0 {
		n := min(atOnce, len(ids))
		args := append(make([]any, 0, atOnce+1), accountID)
		for i := range atOnce {
			args = append(args, ids[min(i, n-1)]) // the last one once more in each free slot
		}
		err := q.Each(ctx, selectNames, args, func(scan func(...any) error) error {
			var id string
			var name Name
			err := scan(&id, &name.Name, &name.Email)
			named[id] = name
			return err
		})
		if err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return named, nil
}
