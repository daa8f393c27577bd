package sms

import (
	"errors"

	"sallyport/internal/errs"
)

// What can go wrong. The messages are for administrators, who choose and repair the gateway; the
// person who waits for a code is told less by the packages above.
var (
	ErrSetting = errs.New(errs.Invalid, "sms_setting_invalid",
		"The SMS gateway's settings can't be used.")
	ErrUnreachable = errs.New(errs.Unavailable, "sms_unreachable",
		"The SMS gateway can't be reached or is out of service. Try again later; if it stays, check its address and the network.")
	ErrForbidden = errs.New(errs.Unavailable, "sms_address_forbidden",
		"The SMS gateway's name leads to a network address that this server may not connect to. Check the gateway's address.")
	ErrCertificate = errs.New(errs.Unavailable, "sms_certificate_refused",
		"The SMS gateway did not prove who it is: its certificate is not valid for its name. Check the gateway's address and certificate.")
	ErrLogin = errs.New(errs.Unavailable, "sms_login_refused",
		"The SMS gateway did not accept our user name and password. Check them in the settings.")
	ErrThrottled = errs.New(errs.Unavailable, "sms_throttled",
		"The SMS gateway takes no more messages just now. Try again later; if it happens often, ask the gateway for a higher limit.")
	ErrRefused = errs.New(errs.Unavailable, "sms_refused",
		"The SMS gateway did not take the message. Its reason is in the log.")
	ErrAnswer = errs.New(errs.Unavailable, "sms_answer_invalid",
		"The SMS gateway's answer was not understood, so the message counts as not sent. Check the gateway's address and its success rule.")
	ErrNumber = errs.New(errs.Invalid, "sms_number_refused",
		"No text messages can be sent to this number. Check it, or use another one.").In("phone")
	ErrText = errs.New(errs.Invalid, "sms_text_refused",
		"This text can't be sent as a text message. Shorten it, and use letters, digits and line breaks only.")
	ErrReceipt = errs.New(errs.Invalid, "sms_receipt_invalid",
		"This is not a delivery receipt that this server understands.")
	ErrForged = errs.New(errs.Forbidden, "sms_receipt_forged",
		"This delivery receipt was not signed by the SMS gateway.")
)

// Temporary says whether sending the same message again later can help: the gateway was not
// reached, broke off, or was busy. It may have taken the message all the same, so what is sent
// again must be the same text, whose code is the same.
func Temporary(err error) bool {
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrThrottled)
}

// because gives e a cause for the log. The reason never holds a secret or a message's text.
func because(e *errs.Error, reason string) error { return e.Because(errors.New(reason)) }

// setting is ErrSetting with a message that says what is wrong, without quoting it.
func setting(what string) error {
	return ErrSetting.Saying("The SMS gateway's settings can't be used: " + what + ".")
}
