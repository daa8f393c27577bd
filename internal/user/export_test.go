package user

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
)

// SelectWalking is Select where nobody counts as few: every list is read in its order, as it is where a filter lets thousands through.
func SelectWalking(ctx context.Context, r db.Querier, a account.Account, q Query, now time.Time) (Page, error) {
	return page(ctx, r, a, q, now, PageSize, -1)
}

// SelectWith is Select where so many count as few.
func SelectWith(ctx context.Context, r db.Querier, a account.Account, q Query, now time.Time, few int) (Page, error) {
	return page(ctx, r, a, q, now, PageSize, few)
}
