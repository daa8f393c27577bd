// Package brand makes an organisation's own look safe to show: its accent colour and its logo.
//
// Both come from administrators of an account, whom nobody else has reason to trust. A colour
// comes out as schemes in which every text can be read, whatever was asked for; a picture as a
// small PNG drawn anew from its pixels, so that nothing of the file that was sent is ever
// served. The functions are pure; they allocate no more than the limits of this package allow.
package brand

import "sallyport/internal/errs"

// Errors about a look. A picture's error says which kinds work.
var (
	ErrColour  = errs.New(errs.Invalid, "brand_colour", "Write the colour as # and six digits or letters from a to f, as in #0b5a68.").In("accent")
	ErrPicture = errs.New(errs.Invalid, "brand_picture", "This file is no picture that works here. Choose a PNG, JPEG or GIF file.").In("logo")
	ErrSVG     = errs.New(errs.Invalid, "brand_picture_svg", "SVG pictures can hold scripts, so they are not taken. Save it as PNG and choose that file.").In("logo")
	ErrLarge   = errs.New(errs.Invalid, "brand_picture_large", "This picture is too large: at most 256 KB, and 2,000 pixels wide and high. Make it smaller and choose it again.").In("logo")
)
