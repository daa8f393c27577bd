package texts

import "sallyport/internal/errs"

// Error says what went wrong and what to do next. An error carries that in English; other
// languages look it up by the error's code, and by code.wait for one that says when a new try
// makes sense. What they lack is said in English rather than not at all.
func (c Catalogue) Error(e *errs.Error) string {
	key := "error." + e.Code
	if wait, err := c.Wait(e.RetryAfter); err == nil && e.RetryAfter > 0 {
		if line, err := c.Text(key+".wait", "wait", wait); err == nil {
			return line
		}
	}
	if line, known := c[key]; known {
		return line
	}
	return e.Message
}
