package audit

import (
	"bufio"
	"encoding/json"
	"io"

	"sallyport/internal/errs"
	"sallyport/internal/sheet"
)

// Format is the form of an export.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// ErrFormat refuses another format.
var ErrFormat = errs.New(errs.Invalid, "audit_format_invalid", "The log can be exported as csv or json.")

// ParseFormat reads a format.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case CSV, JSON:
		return f, nil
	}
	return "", ErrFormat
}

// Named is what a person is called in an export.
type Named struct{ Name, Email string }

// Exporter writes events as they come, so that an export of any length takes the memory of one page.
type Exporter struct {
	out   *bufio.Writer
	csv   bool
	table sheet.CSV
	begun bool
	any   bool // an event was written
}

// NewExporter begins an export in a format that ParseFormat knows.
func NewExporter(w io.Writer, format Format) *Exporter {
	return &Exporter{out: bufio.NewWriter(w), csv: format == CSV}
}

// heading names the columns of a CSV export.
var heading = []string{
	"event", "time", "action", "actor_kind", "actor_id", "actor_name", "actor_email", "person_id", "person_name", "person_email", "target", "reason", "address", "client", "detail",
}

// entry is an event as JSON has it.
type entry struct {
	ID      string            `json:"id"`
	At      string            `json:"at"`
	Action  Action            `json:"action"`
	Actor   who               `json:"actor"`
	Person  *who              `json:"person,omitempty"`
	Target  string            `json:"target,omitempty"`
	Address string            `json:"address,omitempty"`
	Client  string            `json:"client,omitempty"`
	Detail  map[string]string `json:"detail,omitempty"`
}

type who struct {
	Kind  ActorKind `json:"kind,omitempty"`
	ID    string    `json:"id,omitempty"`
	Name  string    `json:"name,omitempty"`
	Email string    `json:"email,omitempty"`
}

// Write writes some events, with what people are called by their ids.
func (x *Exporter) Write(events []Event, people map[string]Named) error {
	if err := x.begin(); err != nil {
		return err
	}
	for _, e := range events {
		at := e.At.UTC().Format("2006-01-02T15:04:05.000Z")
		actor, person := people[e.Actor.ID], people[e.Person]
		if x.csv {
			detail, err := json.Marshal(e.Detail)
			if err != nil {
				return err
			}
			err = x.table.Row(
				e.ID, at, string(e.Action), string(e.Actor.Kind), e.Actor.ID, actor.Name, actor.Email, e.Person, person.Name, person.Email, e.Target,
				e.Detail["reason"], e.Actor.Address, e.Actor.UserAgent, string(detail))
			if err != nil {
				return err
			}
			continue
		}
		row := entry{
			ID: e.ID, At: at, Action: e.Action, Target: e.Target, Address: e.Actor.Address, Client: e.Actor.UserAgent, Detail: e.Detail,
			Actor: who{e.Actor.Kind, e.Actor.ID, actor.Name, actor.Email},
		}
		if e.Person != "" {
			row.Person = &who{ID: e.Person, Name: person.Name, Email: person.Email}
		}
		raw, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if x.any {
			raw = append([]byte(",\n"), raw...)
		}
		x.any = true
		if _, err := x.out.Write(raw); err != nil {
			return err
		}
	}
	return x.out.Flush()
}

// begin writes what stands before the first event, once.
func (x *Exporter) begin() error {
	if x.begun {
		return nil
	}
	x.begun = true
	var err error
	if x.csv {
		x.table, err = sheet.New(x.out, heading...)
	} else {
		_, err = x.out.WriteString("[\n")
	}
	return err
}

// End writes what stands behind the last event. Without it an export of JSON can't be read, so that
// one which was cut off does not pass for a whole one.
func (x *Exporter) End() error {
	if err := x.begin(); err != nil {
		return err
	}
	if !x.csv {
		if _, err := x.out.WriteString("\n]\n"); err != nil {
			return err
		}
	}
	return x.out.Flush()
}
