package web

import (
	"html/template"
	"time"
)

// Audit is /admin/audit. The filter is sent to it again by GET, the export posts to /admin/audit/export.
type Audit struct {
	Entries []AuditEntry  // newest first
	Choices []AuditChoice // what has happened in the organisation at all
	Action  string        // of the filter: a choice's value; empty for all
	Person  string        // of the filter, as it was entered
	From    string        // of the filter, like 2026-12-31
	To      string
	Query   string // the filter as part of an address: "?action=…", empty for none
	Older   string // address of the next page; empty on the last
	Later   bool   // this is not the first page
	Locked  bool   // signed in without a second factor: nothing is exported
	Error   *FormError
}

func (Audit) page() string   { return "audit" }
func (Audit) onCard() bool   { return false }
func (v Audit) failed() bool { return v.Error != nil }

// Filtered reports whether only some entries are wanted.
func (v Audit) Filtered() bool { return v.Query != "" || v.Error != nil }

// AuditEntry is one thing that happened.
type AuditEntry struct {
	Says    template.HTML // in words
	At      time.Time
	Reason  string // may be empty
	Command bool   // on the server's command line
	Address string // from where; may be empty
	Client  string // with what, in words; may be empty
	Facts   []AuditFact
}

// AuditFact is one more thing that is known of an entry.
type AuditFact struct {
	Label string // in words; empty if the name says it
	Name  string // as it is stored
	Value string
	Link  string // to all of that kind; may be empty
}

// AuditChoice is a group of actions to choose, with its actions.
type AuditChoice struct {
	Label   string
	Value   string
	Actions []AuditChoice
}
