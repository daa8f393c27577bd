package app

import (
	"context"
	"net/url"

	"sallyport/internal/channel"
	"sallyport/internal/httpx"
	"sallyport/internal/mail"
	"sallyport/internal/notify"
	"sallyport/internal/sms"
)

// openChannels makes the ways on which messages leave, as the settings say; where they name none there is none. A
// demo's messages go to its inbox, whatever the settings say. Nothing is connected to.
func (a *App) openChannels() error {
	a.Channels = &channel.Service{DB: a.DB, Ring: a.Ring, Now: a.Now, Options: mail.Options{Allow: a.Config.MayReach}}
	if a.Config.Demo {
		a.Inbox = notify.NewInbox(a.Now)
		a.Channels.Mail, a.Channels.SMS = a.Inbox.Mail(), a.Inbox.SMS()
		return nil
	}
	if len(a.Config.SMTP) > 0 {
		a.Channels.Mail = mail.New(a.Config.SMTP, mail.Options{})
	}
	return a.openGateway()
}

// AnswersAt says under which address people reach the server, where that is known only once it listens. It
// is called before Serve.
func (a *App) AnswersAt(public *url.URL) error {
	a.Config.PublicURL = public
	a.Factors.Methods = a.methods() // passkeys are bound to it
	a.Asserts.Issuer, a.Checks.PublicURL = httpx.OriginOf(public), public
	return a.openGateway() // which is told the address, for receipts
}

// openGateway makes the SMS gateway.
func (a *App) openGateway() error {
	options := a.Config.SMSOptions()
	options.Log = a.Log
	switch d := a.Config.Gateway(); {
	case a.Config.Demo:
	case d.HTTP != nil:
		g, err := sms.NewGateway(*d.HTTP, options)
		if err != nil {
			return err
		}
		a.gateway, a.Channels.SMS = g, g
	case d.SMPP != nil:
		c, err := sms.NewSMPP(*d.SMPP, options, func(ctx context.Context, r sms.Receipt) error { return a.Notify.Receipt(ctx, r) })
		if err != nil {
			return err
		}
		a.centre, a.Channels.SMS = c, c
	}
	return nil
}
