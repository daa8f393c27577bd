package texts

// germanErrors is what errors say, by their code. One with the ending .wait is for an error
// that says when a new try makes sense. English has none of them: there an error speaks for itself.
var germanErrors = Catalogue{
	// Signing in.
	"error.wrong_credentials":           "Die E-Mail-Adresse oder das Passwort stimmt nicht. Prüfen Sie beides und versuchen Sie es noch einmal. Haben Sie bei mehreren Organisationen ein Konto, verwenden Sie die eigene Anmeldeadresse Ihrer Organisation.",
	"error.email_missing":               "Geben Sie Ihre E-Mail-Adresse ein.",
	"error.password_missing":            "Geben Sie Ihr Passwort ein.",
	"error.too_many_attempts":           "Zu viele Versuche sind fehlgeschlagen. Warten Sie, bevor Sie es noch einmal versuchen.",
	"error.too_many_attempts.wait":      "Zu viele Versuche sind fehlgeschlagen. Warten Sie {wait} und versuchen Sie es dann noch einmal.",
	"error.user_locked":                 "Ihr Zugang ist gesperrt. Ihre Administration kann ihn entsperren.",
	"error.account_suspended":           "Das Konto Ihrer Organisation ist stillgelegt. Wenden Sie sich an Ihre Administration.",
	"error.sign_in_expired":             "Diese Anmeldung hat zu lange gedauert oder wurde beendet. Melden Sie sich von vorne an.",
	"error.set_up_not_allowed":          "Hier können Sie ein Gerät nur hinzufügen, solange keines eingerichtet ist. Melden Sie sich an und verwenden Sie Ihre Einstellungen.",
	"error.mailed_disable_off":          "Ihre Organisation erlaubt nicht, die Zwei-Faktor-Authentifizierung per E-Mail auszuschalten. Verwenden Sie einen Backup-Code oder wenden Sie sich an Ihre Administration.",
	"error.mailed_disable_same_mailbox": "Der Schlüssel ginge an das Postfach, das auch Ihre Bestätigungscodes erhält, und einen anderen zweiten Faktor, der gilt, haben Sie nicht: Er würde nichts weiter beweisen. Verwenden Sie einen Code von dort oder einen Backup-Code oder wenden Sie sich an Ihre Administration.",
	"error.mailed_disable_after_reset":  "Ihr Passwort wurde vor weniger als 24 Stunden per E-Mail zurückgesetzt, und E-Mail allein darf Ihr Konto nicht öffnen. Warten Sie, bis 24 Stunden vergangen sind, verwenden Sie einen Backup-Code oder wenden Sie sich an Ihre Administration.",
	"error.mailed_disable_no_mail":      "Es kann keine E-Mail gesendet werden, weil kein Mailserver eingerichtet ist. Verwenden Sie einen Backup-Code oder wenden Sie sich an Ihre Administration.",
	"error.mailed_disable_planned":      "Die Zwei-Faktor-Authentifizierung wird bereits ausgeschaltet. Verwenden Sie bis dahin einen Backup-Code oder wenden Sie sich an Ihre Administration.",
	"error.mail_token_invalid":          "Dieser Schlüssel gilt nicht: Er ist falsch geschrieben, wurde verwendet oder ist zu alt; nur der neueste, den wir gesendet haben, gilt. Kopieren Sie ihn noch einmal aus der E-Mail oder verlangen Sie einen neuen.",
	"error.token_resend_too_soon":       "Vor weniger als einer Minute wurde ein Schlüssel gesendet. Warten Sie ein wenig und senden Sie dann einen neuen.",
	"error.token_resend_too_soon.wait":  "Vor weniger als einer Minute wurde ein Schlüssel gesendet. Warten Sie {wait} und senden Sie dann einen neuen.",
	"error.set_up_link_invalid":         "Dieser Einrichtungslink gilt nicht: Er wurde verwendet, ist älter als ein Tag, oder der Server wurde neu gestartet. Starten Sie den Server neu, um einen neuen zu erhalten; gibt es schon eine Organisation, braucht es keinen.",
	"error.not_signed_in":               "Sie sind nicht angemeldet, oder Ihre Sitzung ist beendet. Melden Sie sich an, um fortzufahren.",
	"error.session_not_found":           "Diese Sitzung gibt es nicht. Vielleicht ist sie schon beendet.",
	"error.second_factor_required":      "Dafür ist eine Anmeldung mit einem Bestätigungscode nötig.",

	// Codes.
	"error.wrong_code":            "Dieser Code gilt nicht. Kommt er aus der App, prüfen Sie Datum und Uhrzeit Ihres Handys und geben Sie den nächsten ein. Ist es ein Backup-Code, ist er vielleicht falsch geschrieben oder durch neuere ersetzt: Versuchen Sie einen anderen oder wenden Sie sich an Ihre Administration.",
	"error.wrong_code.wait":       "Dieser Code gilt nicht, und es waren zu viele falsch. Warten Sie {wait} und geben Sie dann einen neuen ein.",
	"error.used_code":             "Dieser Code wurde schon verwendet. Warten Sie bis zu 30 Sekunden auf den nächsten Code der App, oder geben Sie einen anderen Backup-Code ein.",
	"error.used_code.wait":        "Dieser Code gilt nicht, und es waren zu viele falsch. Warten Sie {wait} und geben Sie dann einen neuen ein.",
	"error.malformed_code":        "Ein Bestätigungscode hat sechs Ziffern. Geben Sie den ein, den Ihre App jetzt anzeigt.",
	"error.malformed_backup_code": "Ein Backup-Code hat sechzehn Buchstaben und Ziffern, etwa ACDE-FGHJ-KMNP-QRTV. Geben Sie einen ein, den Sie noch nicht verwendet haben.",
	"error.factor_locked":         "Es wurden zu viele falsche Codes eingegeben, deshalb ist dieser Weg der Anmeldung gesperrt. Verwenden Sie einen anderen, etwa einen Backup-Code, oder wenden Sie sich an Ihre Administration.",
	"error.clock_off":             "Die Uhr Ihres Handys geht nicht richtig. Stellen Sie Datum und Uhrzeit auf automatisch, oder warten Sie auf den nächsten Code und geben Sie auch ihn ein: Dann merken wir uns die Abweichung.",
	"error.backup_codes_made":     "Neue Backup-Codes wurden schon erzeugt. Sie werden nur einmal angezeigt. Haben Sie sie nicht aufbewahrt, erzeugen Sie neue.",
	"error.no_second_factor":      "Backup-Codes kommen mit Ihrem ersten Gerät. Fügen Sie zuerst ein Gerät hinzu.",

	// Devices.
	"error.factor_not_found":  "Dieses Gerät gibt es nicht. Vielleicht wurde es entfernt.",
	"error.enrolment_expired": "Das Hinzufügen dieses Geräts hat zu lange gedauert, deshalb gilt sein QR-Code nicht mehr. Beginnen Sie von vorne.",
	"error.device_limit":      "Sie haben so viele Geräte, wie Ihre Organisation erlaubt. Entfernen Sie zuerst eines.",
	"error.device_name":       "Geben Sie dem Gerät einen Namen mit 1 bis 40 Zeichen.",
	"error.device_name_taken": "Sie haben schon ein Gerät mit diesem Namen. Wählen Sie einen anderen.",

	// Passwords.
	"error.wrong_password":      "Dieses Passwort stimmt nicht. Geben Sie das Passwort ein, mit dem Sie sich anmelden.",
	"error.proof_needed":        "Bestätigen Sie, dass Sie es sind: Geben Sie Ihr Passwort ein.",
	"error.password_unchanged":  "Das ist Ihr jetziges Passwort. Wählen Sie ein anderes.",
	"error.password_too_short":  "Dieses Passwort ist zu kurz. Verwenden Sie mindestens 8 Zeichen; gut sind einige Wörter, die nichts miteinander zu tun haben.",
	"error.password_too_long":   "Dieses Passwort ist zu lang. Verwenden Sie höchstens 256 Zeichen.",
	"error.password_too_common": "Dieses Passwort ist leicht zu erraten: Es ist sehr häufig oder kaum mehr als Ihr Name, Ihre Adresse oder ein Name dieses Dienstes. Wählen Sie ein anderes; gut sind einige Wörter, die nichts miteinander zu tun haben.",

	// People and organisations.
	"error.changed_meanwhile":  "An Ihrer Anmeldung wurde gleichzeitig anderswo etwas geändert. Sehen Sie sich die Seite noch einmal an und wiederholen Sie, was Sie getan haben.",
	"error.email_invalid":      "Geben Sie eine E-Mail-Adresse wie name@example.com ein.",
	"error.email_unchanged":    "Das ist Ihre jetzige Adresse. Geben Sie die neue ein.",
	"error.language_invalid":   "Wählen Sie eine der Sprachen aus der Liste.",
	"error.too_many_mails":     "Es wurden zu viele E-Mails verlangt. Warten Sie eine Stunde und verlangen Sie dann eine neue.",
	"error.name_invalid":       "Ein Name hat höchstens 80 Zeichen und keine Steuerzeichen.",
	"error.role_invalid":       "Die Rolle muss Inhaber/in (owner), Administrator/in (admin) oder Mitglied (member) sein.",
	"error.user_exists":        "Eine Person mit dieser E-Mail-Adresse gibt es in dieser Organisation schon.",
	"error.user_not_found":     "Diese Person gibt es in dieser Organisation nicht.",
	"error.account_exists":     "Eine Organisation mit diesem Kurznamen gibt es schon. Wählen Sie einen anderen.",
	"error.account_not_found":  "Diese Organisation gibt es nicht.",
	"error.account_name":       "Geben Sie den Namen der Organisation mit 1 bis 80 Zeichen an, ohne Doppelpunkt, Steuerzeichen und unsichtbare Zeichen.",
	"error.account_short_name": "Der Kurzname muss 2 bis 40 Kleinbuchstaben, Ziffern oder Bindestriche haben und mit einem Buchstaben oder einer Ziffer beginnen und enden.",
	"error.policy_invalid":     "Diese Einstellung der Richtlinie ist nicht möglich. Prüfen Sie den Wert.",
	"error.reason_needed":      "Geben Sie einen Grund mit höchstens 200 Zeichen an. Er steht dann im Protokoll.",

	// The server.
	"error.busy":                 "Im Moment melden sich viele Personen an. Versuchen Sie es in einigen Sekunden noch einmal.",
	"error.time_out":             "Die Antwort hat zu lange gedauert. Versuchen Sie es gleich noch einmal.",
	"error.cross_origin":         "Diese Anfrage kam von einer anderen Website und wurde nicht ausgeführt. Öffnen Sie die Seite hier und versuchen Sie es noch einmal.",
	"error.database_unavailable": "Die Datenbank ist im Moment nicht erreichbar. Versuchen Sie es in einer Minute noch einmal.",
	"error.database_busy":        "Der Server ist im Moment stark ausgelastet. Versuchen Sie es in einigen Sekunden noch einmal.",
	"error.database_full":        "Der Server kann im Moment nichts speichern, deshalb wurde nichts geändert. Melden Sie Ihrer Administration, dass der Speicherplatz voll ist.",

	// Codes that are sent.
	"error.code_over":             "Der Code, den wir gesendet haben, gilt nicht mehr: Er ist älter als zehn Minuten oder wurde zu oft versucht. Senden Sie einen neuen.",
	"error.resend_too_soon":       "Vor weniger als einer Minute wurde ein Code gesendet. Warten Sie ein wenig und senden Sie dann einen neuen.",
	"error.resend_too_soon.wait":  "Vor weniger als einer Minute wurde ein Code gesendet. Warten Sie {wait} und senden Sie dann einen neuen.",
	"error.too_many_codes_sent":   "Es wurden zu viele Codes gesendet. Wählen Sie einen anderen Weg oder warten Sie eine Stunde und senden Sie dann einen neuen.",
	"error.address_missing":       "Geben Sie die Nummer oder Adresse an, an die die Codes gehen sollen.",
	"error.address_taken":         "Diese Nummer oder Adresse wird in Ihrer Organisation schon verwendet. Geben Sie eine an, die nur Sie verwenden.",
	"error.phone_invalid":         "Diese Nummer gibt es nicht. Prüfen Sie sie und geben Sie sie mit der Landesvorwahl ein, zum Beispiel +43 664 1234567.",
	"error.phone_country_missing": "Die Landesvorwahl fehlt. Geben Sie die Nummer damit ein, zum Beispiel +43 664 1234567.",
	"error.phone_not_mobile":      "Das ist keine Handynummer, und nur diese erhalten SMS. Geben Sie eine Handynummer ein, zum Beispiel +43 664 1234567.",
	"error.country_not_supported": "In das Land dieser Nummer können keine SMS gesendet werden. Verwenden Sie eine Authenticator-App oder eine Nummer aus einem unterstützten Land.",
	"error.factor_not_allowed":    "Ihre Organisation erlaubt diesen Weg der Anmeldung nicht.",
	"error.method_not_in_plan":    "Dieser Weg der Anmeldung ist im Tarif Ihrer Organisation nicht enthalten.",
	"error.method_not_in_trial":   "Dieser Weg der Anmeldung ist während der Testphase nicht verfügbar, zum Schutz vor Missbrauch.",
	"error.method_not_configured": "Dieser Weg der Anmeldung braucht einen Server für Nachrichten, und es ist keiner eingerichtet. Sagen Sie es Ihrer Administration.",

	// The organisation's mail server.
	"error.no_mail_server":        "Es ist kein Mailserver eingerichtet, deshalb kann keine E-Mail gesendet werden. Die Administration kann unter „Mailserver“ einen einrichten.",
	"error.mail_password_needed":  "Geben Sie auch das Passwort ein: Das gespeicherte gehört zum bisherigen Server.",
	"error.mail_server_invalid":   "Die Einstellungen des Mailservers sind nicht möglich. Prüfen Sie dieses Feld.",
	"error.mail_unreachable":      "Der Mailserver war nicht erreichbar oder hat nicht rechtzeitig geantwortet. Prüfen Sie Namen und Port und ob er läuft.",
	"error.mail_tls_failed":       "Es kam keine verschlüsselte Verbindung zum Mailserver zustande.",
	"error.mail_deferred":         "Der Mailserver will es später noch einmal versuchen lassen. Wenn das so bleibt, sagt sein Protokoll, warum.",
	"error.mail_host_not_allowed": "Der Mailserver hat eine Adresse, die hier nicht verwendet werden darf. Verwenden Sie einen Mailserver im öffentlichen Internet.",
	"error.mail_login_refused":    "Der Mailserver nimmt Benutzernamen und Passwort nicht an. Viele Anbieter verlangen dafür ein eigenes App-Passwort.",
	"error.mail_turned_away":      "Der Mailserver nimmt von diesem Absender oder diesem Rechner keine E-Mails an. Prüfen Sie den Absender und was der Server erlaubt.",
	"error.mail_refused":          "Der Mailserver lehnt diese E-Mail endgültig ab.",
	// Administration and mail servers.
	"error.not_administrator":    "Das können nur die Inhaber und die Administration Ihrer Organisation. Wenden Sie sich an sie.",
	"error.too_many_tests":       "Zu viele Testnachrichten wurden gesendet. Warten Sie zehn Minuten, bevor Sie noch eine senden.",
	"error.no_own_mail_server":   "Ihre Organisation hat keinen eigenen Mailserver.",
	"error.mail_message_invalid": "Diese E-Mail kann so nicht gesendet werden. Prüfen Sie den Absender und die Adresse, an die sie geht.",
	"error.mail_not_configured":  "Es ist kein Mailserver eingerichtet.",
}
