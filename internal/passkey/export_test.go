package passkey

// Genuine is for statements that no test can have signed.
var Genuine = (*Method).genuine
