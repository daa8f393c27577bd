// Package e2e plays a person in front of a real browser: the built binary runs its demo, Chromium
// shows the pages, zbarimg reads the QR code off a screenshot as a phone's camera would, and
// oathtool makes the codes as an authenticator app would. None of these shares a line with the
// product, so agreement between them means something.
//
// The tests know the product only by what a person sees: addresses, labels, headings, texts.
// Every page they reach is also inspected: accessibility rules, light and dark, wide and narrow,
// no sideways scroll at 320 pixels, weight on the wire.
//
// Chromium, oathtool, zbarimg and axe-core must be there (scripts/install-test-tools.sh). Where one
// is missing the tests skip and say so; with SALLYPORT_TEST_ENGINES=all that is a failure.
// SALLYPORT_E2E_SHOTS=DIR keeps a picture of every page.
package e2e
