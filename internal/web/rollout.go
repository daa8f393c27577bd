package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/adoption"
	"sallyport/internal/session"
)

// locked reports whether an administrator may only look, because they have no second factor of their own.
func locked(who *session.Signed) bool { return who.Level != session.AAL2 }

// standing is how far the organisation is, as it was counted.
func standing(d adoption.Day) Rollout {
	v := Rollout{
		Known: !d.CountedAt.IsZero(), People: d.People(), Ready: d.Ready, Grace: d.Grace, Overdue: d.Overdue, Free: d.Free, GraceEnds: d.GraceEnds,
	}
	if !d.Live {
		v.CountedAt = d.CountedAt
	}
	return v
}

// rollout is how far the organisation is and how it got there.
func (s *Site) rollout(r *http.Request) (Rollout, error) {
	who := signed(r)
	all, err := s.Admin.Rollout(r.Context(), who)
	if err != nil {
		return Rollout{}, err
	}
	v := standing(all.Today)
	for _, m := range account.Methods() {
		people := all.Today.With(m)
		v.Methods = append(v.Methods, MethodShare{Kind: string(m), People: people, Share: share(people, all.Today.Ready)})
	}
	v.Chart = chart(all.Days)
	v.NoWay = all.NoWay
	v.Reminded, v.Told, v.Telling = all.Reminder.At, all.Reminder.Told, !all.Reminder.At.IsZero() && !all.Reminder.Done
	p := who.Account.Policy
	v.Remindable = v.Grace + v.Overdue
	if p.Enforcement == account.Recommended {
		v.Remindable += v.Free
	}
	asked := p.Enforcement != account.Optional || p.EnforcementAdmins != account.Optional
	v.MayRemind = asked && v.Remindable > 0 && !v.NoWay && !locked(who) && all.Reminder.Left(s.Now()) == 0
	return v, nil
}

// chartPoints is up to how many days the lines of the chart bend at.
const chartPoints = 45

// chart draws the days, or nothing while there is only one.
func chart(days []adoption.Day) *Chart {
	if len(days) < 2 {
		return nil
	}
	first, last := days[0].Day, days[len(days)-1].Day
	c := &Chart{From: first, To: last, Most: 1}
	for _, d := range days {
		c.Most = max(c.Most, d.People())
	}
	long := last.Sub(first)
	var ready, people strings.Builder
	every := 1 + len(days)/chartPoints // more than the eye tells apart weighs the page down
	for i, d := range days {
		if i%every > 0 && i < len(days)-1 {
			continue
		}
		x := int(int64(d.Day.Sub(first)) * chartWide / int64(long))
		step(&ready, i, x, d.Ready, c.Most)
		step(&people, i, x, d.People(), c.Most)
	}
	c.Line, c.All = ready.String(), people.String()
	c.Area = c.Line + "V" + strconv.Itoa(chartHigh) + "H0Z"
	for next, i := last, len(days)-1; i >= 0; i-- {
		if d := days[i]; !d.Day.After(next) {
			c.Rows = append(c.Rows, ChartRow{d.Day, d.Ready, d.People()})
			next = d.Day.Add(-7 * 24 * time.Hour)
		}
	}
	return c
}

// step adds a day's point to a path.
func step(path *strings.Builder, i, x, n, most int) {
	letter := "L"
	if i == 0 {
		letter = "M"
	}
	path.WriteString(letter + strconv.Itoa(x) + " " + strconv.Itoa(chartHigh-n*chartHigh/most))
}

// policyConfirm says what p does at once.
func policyConfirm(preview admin.Preview, p account.Policy, form typed) PolicyConfirm {
	v := PolicyConfirm{
		Names: preview.Names, Ended: preview.Ended, Only: preview.Only, NoWay: preview.NoWay, Confirm: p.Fingerprint(), Counted: preview.Counted,
		Passkeys: preview.Passkeys, TrustEnds: preview.TrustEnds,
	}
	for _, e := range preview.Demands {
		v.Effects = append(v.Effects, PolicyEffect{Role: string(e.Role), People: e.People, Demand: e.Owed.Demand, By: e.Owed.By})
	}
	v.Others = max(0, v.Asked()-len(v.Names))
	for _, m := range preview.Gone {
		v.Gone = append(v.Gone, string(m))
	}
	for _, name := range append(policyFields(), "shown") {
		if value, sent := form[name]; sent {
			v.Fields = append(v.Fields, HiddenField{option(name), value})
		}
	}
	return v
}
