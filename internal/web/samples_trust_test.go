package web

import "time"

// trustSamples are the code page with its box and its reasons.
func trustSamples(outside Chrome, ends time.Time) []sample {
	page := Verify{Method: "fac_1", Device: "My Phone", BackupCodes: true, OtherWays: true, TrustDays: 90, Ends: ends}
	with := func(change func(*Verify)) Verify { v := page; change(&v); return v }
	all := []sample{
		{"trust", outside, page},
		{"trust-one-day", outside, with(func(v *Verify) { v.TrustDays = 1 })},
		{"trust-kept", outside, with(func(v *Verify) {
			v.Trust, v.Error = true, &FormError{Field: "code", Message: sampleCodeWrong, Code: "wrong_code"}
		})},
		{"trust-sms", outside, with(func(v *Verify) {
			v.Kind, v.Device, v.Hint, v.Sent = "sms", "My number", "+43 ••• ••• ••67", &SentCode{Boxed: true, Alive: true, Wait: 42 * time.Second}
		})},
		{"trust-backup", outside, with(func(v *Verify) { v.Method = MethodBackupCode })},
		{"trust-off-why", outside, with(func(v *Verify) { v.TrustDays, v.Why = 0, "over" })},
	}
	for _, why := range []string{"browser", "system", "country", "used"} {
		all = append(all, sample{"trust-why-" + why, outside, with(func(v *Verify) { v.Why = why })})
	}
	return all
}
