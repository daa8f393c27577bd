package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"sallyport/internal/texts"
)

// templateSources gives every template by path.
func templateSources(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := fs.WalkDir(embedded, "pages", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(embedded, path)
		all[path] = string(b)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	return all
}

var (
	action     = regexp.MustCompile(`\{\{.*?\}\}`)
	attributes = regexp.MustCompile(`\{\{define "aria"\}\}.*`) // a part that stands inside a tag
	tags       = regexp.MustCompile(`<[^>]*>`)
	spokenAttr = regexp.MustCompile(`(?:aria-label|title|alt|placeholder|data-other|data-name)="([^"]*)"`)
)

// TestTemplatesHaveNoWords: all texts are in the catalogue, so that an account can change them (K19).
func TestTemplatesHaveNoWords(t *testing.T) {
	for path, source := range templateSources(t) {
		bare := action.ReplaceAllString(attributes.ReplaceAllString(source, ""), "")
		for _, m := range spokenAttr.FindAllStringSubmatch(bare, -1) {
			if strings.ContainsFunc(m[1], unicode.IsLetter) {
				t.Errorf("%s: words in an attribute: %q", path, m[1])
			}
		}
		for line := range strings.Lines(tags.ReplaceAllString(bare, "")) {
			if strings.ContainsFunc(line, unicode.IsLetter) {
				t.Errorf("%s: words outside the catalogue: %q", path, strings.TrimSpace(line))
			}
		}
	}
}

func TestEveryNoticeHasItsText(t *testing.T) {
	for told, want := range map[Chrome]string{
		{Notice: NoticeSignedIn}: "signed in.", {Notice: NoticeSignedOut}: "signed out", {Notice: NoticeSessionEnded}: "Sign in again", {Notice: NoticeCancelled}: "cancelled",
		{Notice: NoticeBackupCodeUsed, Left: 1}: "1 is left", {Notice: NoticeBackupCodeUsed, Left: 0}: "0 are left", {Notice: NoticePasswordChanged}: "password",
		{Notice: NoticeAccountCreated, About: "https://x/?a=<b>"}: "at <bdi>https://x/?a=&lt;b&gt;</bdi>", {Notice: NoticeDeviceConfirmed, About: "Tablet"}: "“<bdi>Tablet</bdi>” is confirmed",
		{Notice: NoticeConfirmedBefore, About: "Tablet"}: "Tablet", {Notice: NoticeDeviceGone}: "no longer", {Notice: NoticeDeviceRemoved}: "removed", {Notice: NoticeTwoFactorOff}: "off",
		{Notice: NoticeDeviceRenamed}: "name", {Notice: NoticeCodesSaved}: "safe", {Notice: NoticeCodesReplaced}: "in force", {Notice: NoticeOneSessionEnded}: "ended", {Notice: NoticeOthersEnded}: "other",
		{Notice: NoticeUserReset}: "reset", {Notice: NoticeRoleSet}: "role", {Notice: NoticeUserLinked}: "ID", {Notice: NoticeUserLocked}: "locked", {Notice: NoticeUserUnlocked}: "unlocked",
		{Notice: NoticeUserRemoved}: "removed", {Notice: NoticeUserInvited}: "on its way", {Notice: NoticeJoined}: "Sign in",
		{Notice: NoticeBrowserRenamed}: "new name", {Notice: NoticeBrowserEnded}: "no longer trusted", {Notice: NoticeBrowsersEnded}: "No browser",
		{Notice: NoticeUserSessionsEnded}: "ended", {Notice: NoticeUserBrowsersEnded}: "asks for a code",
		{Notice: NoticeMailServerSet}: "saved", {Notice: NoticeMailServerGone}: "removed", {Notice: NoticeTestSent, About: "<b>@x"}: "<bdi>&lt;b&gt;@x</bdi>",
	} {
		if got, err := notice(texts.In(texts.English), told); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s says %q, %v, want %q", told.Notice, got, err, want)
		}
	}
	if got, err := notice(texts.In(texts.English), Chrome{Notice: "<script>"}); err != nil || got != "" {
		t.Errorf("an unknown notice says %q, %v", got, err)
	}
}
