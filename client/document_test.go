package client_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sallyport/client"
	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
)

// types are the types of the client by the name that the document gives each.
var types = map[string]any{
	"Me": client.Me{}, "OwnAccount": client.OwnAccount{}, "OwnPolicy": client.OwnPolicy{}, "NeededProofs": client.NeededProofs{}, "OfferedMethod": client.OfferedMethod{}, "TwoFactor": client.TwoFactor{},
	"SignInRequest": client.SignInRequest{}, "SignIn": client.SignIn{}, "SignInMethod": client.SignInMethod{}, "SentCode": client.SentCode{}, "TokenFirst": client.TokenFirst{},
	"CancelRequest": client.CancelRequest{}, "SendRequest": client.SendRequest{}, "Resend": client.Resend{}, "VerifyRequest": client.VerifyRequest{}, "DisableConfirmRequest": client.DisableConfirmRequest{},
	"PasskeyQuestion": client.PasskeyQuestion{}, "PasskeySignInRequest": client.PasskeySignInRequest{}, "SetUpRequest": client.SetUpRequest{}, "SetUpConfirmRequest": client.SetUpConfirmRequest{},
	"SetUpConfirmed": client.SetUpConfirmed{}, "SetUpSendRequest": client.SetUpSendRequest{}, "ProveRequest": client.ProveRequest{},
	"ChangePasswordRequest": client.ChangePasswordRequest{}, "Renewal": client.Renewal{}, "Renewed": client.RenewedSession{}, "SessionEntry": client.SessionEntry{}, "TrustedBrowser": client.TrustedBrowser{},
	"OwnFactor": client.Factor{}, "AddFactorRequest": client.AddFactorRequest{}, "Enrolment": client.Enrolment{}, "ConfirmFactorRequest": client.ConfirmFactorRequest{},
	"ConfirmedFactor": client.ConfirmedFactor{}, "RemoveFactorRequest": client.RemoveFactorRequest{}, "RemovedFactor": client.RemovedFactor{}, "UpdateFactorRequest": client.UpdateFactorRequest{},
	"BackupCodes": client.BackupCodes{}, "NewBackupCodesRequest": client.NewBackupCodesRequest{}, "NewBackupCodes": client.NewBackupCodes{},
	"APIKey": client.APIKey{}, "KeyDevice": client.KeyDevice{}, "NewAPIKey": client.NewAPIKey{}, "MadeAPIKey": client.MadeAPIKey{}, "KeyEnrolment": client.DeviceEnrolment{}, "KeyPublic": client.PublicKeyRequest{},
	"Organisation": client.Account{}, "AccountMethod": client.AccountMethod{}, "UpdateAccountRequest": client.UpdateAccountRequest{}, "Policy": client.Policy{}, "PolicyPreview": client.PolicyPreview{},
	"PolicyDemand": client.PolicyDemand{}, "MailSettings": client.MailSettings{}, "MailServer": client.MailServer{}, "MailResult": client.MailResult{}, "SetMailRequest": client.SetMailServerRequest{},
	"AuditEvent": client.AuditEvent{}, "AuditPerson": client.AuditPerson{}, "AuditEventList": client.AuditPage{},
	"AccountUser": client.User{}, "AccountUserDetails": client.UserDetails{}, "AccountUserDevice": client.UserDevice{}, "AccountUserSession": client.UserSession{}, "AccountUserBrowser": client.UserBrowser{},
	"AccountUserCodes": client.UserBackupCodes{}, "AccountUserList": client.UserPage{}, "InviteUserRequest": client.InviteUserRequest{}, "UpdateUserRequest": client.UpdateUserRequest{}, "IssuedBackupCode": client.IssuedBackupCode{},
	"ManagedAccount": client.ManagedAccount{}, "ManagedAccountDetails": client.ManagedAccountDetails{}, "EntitledMethod": client.EntitledMethod{}, "AccountException": client.AccountException{},
	"ManagedAccountList": client.ManagedAccountPage{}, "CreateAccountRequest": client.CreateAccountRequest{}, "AccountOwner": client.AccountOwner{}, "UpdateManagedRequest": client.UpdateManagedAccountRequest{}, "NewException": client.NewException{},
	"Check": client.Check{}, "CheckRequest": client.NewCheck{}, "CheckUserRequest": client.CheckUser{}, "CheckedPerson": client.CheckedPerson{}, "CheckResult": client.CheckResult{},
	"Way": client.Way{},
}

// hidden are the schemas that callers meet as arguments and results of other types.
var hidden = []string{
	"Problem", "TokenProblem", // client.Error
	"TokenRequest", "TokenAnswer", // client.KeyForToken
	"KeyList", "OwnFactors", "SessionEntries", "TrustedBrowsers", // slices
	"PendingRequest", "KeyCode", "KeyProof", "ReasonRequest", "RemoveMailRequest", "CheckSendRequest", "CheckVerifyRequest", "PasskeyOptionsRequest", "UpdateBrowserRequest", // one argument
}

// schema is what this test reads of one.
type schema struct {
	Type       string            `json:"type"`
	Ref        string            `json:"$ref"`
	Format     string            `json:"format"`
	Items      *schema           `json:"items"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
}

// TestDocument: the client has a method for every call of the server's document, and its types have the same members.
func TestDocument(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	var document struct {
		Paths      map[string]map[string]struct{ OperationID string }
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(s.API("").Must(t, 200, "GET /v1/openapi.json", nil).Raw, &document); err != nil {
		t.Fatal(err)
	}
	methods := reflect.TypeFor[*client.Client]()
	calls := 0
	for path, ops := range document.Paths {
		for _, op := range ops {
			calls++
			name := strings.Replace(strings.ToUpper(op.OperationID[:1])+op.OperationID[1:], "ApiKey", "APIKey", 1)
			if _, has := methods.MethodByName(name); !has {
				t.Errorf("%s: the client has no method %s", path, name)
			}
		}
	}
	// Three more go through the pages of lists.
	if n := methods.NumMethod(); n != calls+3 {
		t.Errorf("the client has %d methods, the document %d calls", n, calls)
	}
	for name, s := range document.Components.Schemas {
		ours, known := types[name]
		if !known {
			if !slices.Contains(hidden, name) {
				t.Errorf("%s stands for nothing in the client", name)
			}
			continue
		}
		compare(t, name, s, reflect.TypeOf(ours))
	}
	for name := range types {
		if _, is := document.Components.Schemas[name]; !is {
			t.Errorf("the document has no %s", name)
		}
	}
	// A change of the policy has its members, each of which may be left out.
	policy := document.Components.Schemas["Policy"]
	policy.Required = nil
	compare(t, "PolicyChange", policy, reflect.TypeFor[client.PolicyChange]())
}

// compare holds a type against its schema: the same members of the same kinds. A request leaves out what need not be there.
func compare(t *testing.T, name string, s schema, ours reflect.Type) {
	t.Helper()
	found := map[string]bool{}
	for _, f := range reflect.VisibleFields(ours) {
		tag := f.Tag.Get("json")
		if tag == "" {
			continue // embedded, or inside one
		}
		member, option, _ := strings.Cut(tag, ",")
		found[member] = true
		theirs, has := s.Properties[member]
		if !has {
			t.Errorf("%s.%s has no counterpart in the document", name, f.Name)
			continue
		}
		if want := kindOf(theirs); want != f.Type.Kind() && (f.Type.Kind() != reflect.Pointer || want != f.Type.Elem().Kind()) {
			t.Errorf("%s.%s is %s, in the document %s", name, f.Name, f.Type, want)
		}
		request := strings.HasSuffix(name, "Request") || strings.HasPrefix(name, "New") && name != "NewBackupCodes" || name == "PolicyChange"
		if optional := !slices.Contains(s.Required, member); request && optional != (option != "") {
			t.Errorf("%s.%s: `json:%q`, but may be left out: %v", name, f.Name, tag, optional)
		}
	}
	for member := range s.Properties {
		if !found[member] {
			t.Errorf("%s has no %s", name, member)
		}
	}
}

// kindOf is the kind in Go of a member.
func kindOf(s schema) reflect.Kind {
	switch {
	case s.Ref != "" || s.Format == "date-time":
		return reflect.Struct
	case s.Type == "string":
		return reflect.String
	case s.Type == "boolean":
		return reflect.Bool
	case s.Type == "integer":
		return reflect.Int
	case s.Type == "object":
		return reflect.Map
	}
	return reflect.Slice // an array, or JSON as it is
}
