// Package machine is the second factor of programs that call the API (A9, A10): a code of a device of the key's own, given for a
// token or with each call, or a signature with each call. One policy and one audit with people's.
package machine
