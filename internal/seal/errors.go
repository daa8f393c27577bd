package seal

import "sallyport/internal/errs"

// What can be wrong with the key file. None of these is repaired silently: a new key
// would make every stored secret unreadable (F20). The copies returned name the file.
var (
	ErrMissing = errs.New(errs.NotFound, "key_file_missing",
		"The key file does not exist. Restore it from your backup; only for a new installation make one with \"sallyport key new\".")
	ErrPermissions = errs.New(errs.Forbidden, "key_file_permissions",
		"The key file can be read by others. Run \"chmod 600\" on it.")
	ErrDamaged = errs.New(errs.Invalid, "key_file_damaged",
		"The key file is damaged. Restore it from your backup.")
	ErrExists = errs.New(errs.Conflict, "key_file_exists",
		"The key file exists already. It is never overwritten.")
	ErrUnwritable = errs.New(errs.Unavailable, "key_file_unwritable",
		"The key file could not be written. The old one is unchanged.")
	ErrNothingPrepared = errs.New(errs.Conflict, "key_not_prepared",
		"There is no new key to change to. Prepare one first.")
)

// ErrSealedDamaged means that a sealed value did not open: changed, moved from another
// row, cut, or sealed with a key that is not in the ring. The caller must refuse.
var ErrSealedDamaged = errs.New(errs.Internal, "sealed_value_damaged",
	"A stored secret could not be read. Tell your administrator.")
