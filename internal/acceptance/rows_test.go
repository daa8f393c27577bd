package acceptance

import "fmt"

// system is a product whose help page makes demands, in their order.
type system struct {
	name, letter string
	demands      []string
}

// rows gives the ids of a system's demands: "C1", "C2", …
func (s system) rows() (ids []string) {
	for i := range s.demands {
		ids = append(ids, fmt.Sprintf("%s%d", s.letter, i+1))
	}
	return ids
}

var systems = []system{
	{"Cluvio", "C", []string{
		"app or text message, both in one section of the settings",
		"app: a code at each sign-in",
		"app: set-up starts in the settings, with Configure or Add",
		"app: a QR code to scan",
		"app: the QR code is one person’s own, with a caution",
		"app: the entry names the account, its code changes",
		"app: confirmed by the code, with Verify",
		"app: a right code ends the dialog and switches it on, nothing else does",
		"app: Remove, to renew it on a new phone",
		"app: removing needs the password",
		"text: a code at each sign-in",
		"text: not on the free plan, and the page says so",
		"text: not in the trial, against abuse",
		"text: support is named and can except one account",
		"text: Configure beside it",
		"text: number, Next, and a text is sent",
		"text: its six digits, Verify",
		"text: on for that number only",
		"text: removing needs the password",
		"text: only to the 104 listed countries, shown as Supported countries",
		"each method has a state of its own; both side by side",
	}},
	{"Clusterpoint", "P", []string{
		"password and a code guard the interface",
		"plain codes that every app makes",
		"entry by the profile, at the top right",
		"a button that enables it",
		"a QR code ties the app to the account",
		"one six-digit code below the QR code confirms",
		"a wrong code: it isn’t valid",
		"that error names the phone’s date and time",
		"clocks up to three minutes off are taken",
		"needed at every sign-in until disabled",
		"several accounts, an entry for each",
		"password first, the code on the next page",
		"the code page links to Disable two-factor authentication",
		"a token is mailed to the registered address",
		"the pasted token switches it off",
		"disabled in the settings without a password",
	}},
	{"CleverTap", "T", []string{
		"two levels: the account’s and the user’s",
		"user level: in the profile, at the top right",
		"user level: one press begins it",
		"step 1: told to install an app",
		"step 2: scan, and enter the code",
		"once on, a code at each sign-in",
		"the user’s own switch counts only while the account does not require it",
		"only administrators switch the account’s level",
		"account level: mandatory for everybody",
		"a switch among the administrators’ pages",
		"everybody sets it up at the next sign-in",
		"an administrator resets one person",
		"the list of everybody’s addresses who has it on",
		"Reset beside the person in that list",
		"after a reset, set-up at the next sign-in",
	}},
	{"Cloud Adore", "A", []string{
		"recommended at the first sign-in, not demanded",
		"a page of its own for it",
		"at first an empty list of devices",
		"more devices can always be added",
		"Add new device",
		"the device has a name",
		"adding needs the password",
		"Add",
		"it guards all calls of programs too",
		"a second factor for programs, documented",
		"after Add: a QR code and a field for the code",
		"install the app before scanning",
		"scanning makes a new entry in the app",
		"the code, and Verify",
		"the device is listed as confirmed; before, as not confirmed",
		"next sign-in: password and the changing code",
		"name, issuer and texts of the reseller",
	}},
	{"CloudCX", "X", []string{
		"recommended, not mandatory",
		"enabled in the settings",
		"credentials, then Sign in",
		"then the page for the code",
		"e-mail: six digits come by themselves at each sign-in",
		"e-mail: a mail server must be set up first",
		"Verify confirms the sign-in; before it nobody is in",
		"e-mail or app, by the person’s choice",
		"app: six digits",
		"ten backup codes with e-mail",
		"ten backup codes with the app",
		"backup codes on the same page, for both",
		"an administrator gives out a backup code, for both",
		"Resend after 60 seconds",
		"Don’t ask again for 90 days",
		"asked again if the environment changes, and told so",
		"Verify checks, then signs in",
		"Cancel leads back to the sign-in page",
		"on for one surface, off for another",
	}},
}
