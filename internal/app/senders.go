package app

import (
	"sallyport/internal/channel"
	"sallyport/internal/notify"
)

// openChannels makes the ways on which messages leave. A demo's go to its inbox.
func (a *App) openChannels() error {
	a.Channels = &channel.Service{DB: a.DB, Ring: a.Ring, Now: a.Now}
	if a.Config.Demo {
		a.Inbox = notify.NewInbox(a.Now)
		a.Channels.Mail, a.Channels.SMS = a.Inbox.Mail(), a.Inbox.SMS()
	}
	return nil
}
