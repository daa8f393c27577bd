package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"sallyport/internal/sms"
)

// reader reads one part of the gateway's description.
type reader func(l *loader, where, key string, node ast.Node)

// gateway reads sms_gateway, the description of a gateway for which there is no URL. Its password is a setting of its own, because
// that may come from the environment or from a file, and the description may stand where many read it.
func (l *loader) gateway(node ast.Node) {
	if _, none := node.(*ast.NullNode); none {
		return
	}
	d, before := &sms.Custom{}, len(l.problems)
	l.parts("sms_gateway", node, map[string]reader{
		"url": text(&d.URL), "method": text(&d.Method), "content_type": text(&d.ContentType), "body": text(&d.Body),
		"from": text(&d.From), "user": text(&d.User), "plain": yesNo(&d.Plain), "headers": table(&d.Headers),
		"success": within(map[string]reader{
			"status": numbers(&d.Success.Status), "body_contains": text(&d.Success.BodyContains),
			"body_matches": text(&d.Success.BodyMatches), "json": table(&d.Success.JSON),
		}),
		"reference": within(map[string]reader{
			"json": text(&d.Reference.JSON), "header": text(&d.Reference.Header), "matches": text(&d.Reference.Matches),
		}),
		"receipts": within(map[string]reader{
			"params": text(&d.Receipts.Params), "state": text(&d.Receipts.State), "states": table(&d.Receipts.States),
			"reference": text(&d.Receipts.Reference), "detail": text(&d.Receipts.Detail),
		}),
	})
	l.config.SMSGateway, l.halfRead = d, len(l.problems) > before
}

// parts reads a mapping whose names are known.
func (l *loader) parts(key string, node ast.Node, known map[string]reader) {
	l.pairs(key+".", node, func(where, part string, value ast.Node) {
		name := strings.TrimPrefix(part, key+".")
		switch read := known[name]; {
		case read != nil:
			read(l, where, part, value)
		case part == "sms_gateway.password":
			l.add(where, part+" is a setting of its own", "write sms_gateway_password, or set SALLYPORT_SMS_GATEWAY_PASSWORD_FILE to the name of a file that holds it")
		default:
			names := slices.Sorted(maps.Keys(known))
			for i := range names {
				names[i] = key + "." + names[i]
			}
			l.add(where, "there is no setting "+plain(part), suggest(part, names))
		}
	})
}

func within(known map[string]reader) reader {
	return func(l *loader, _, key string, node ast.Node) { l.parts(key, node, known) }
}

func text[T ~string](to *T) reader {
	return func(l *loader, where, key string, node ast.Node) {
		v, ok := scalar(node)
		if !ok {
			l.add(where, plain(key)+" is not a plain value", "write one value behind the colon, in quotation marks if it has braces in it")
			return
		}
		*to = T(v)
	}
}

func yesNo(to *bool) reader {
	return func(l *loader, where, key string, node ast.Node) {
		v, _ := scalar(node)
		if !choice(v, "true", "false") {
			l.add(where, key+" is neither true nor false", "write true or false")
			return
		}
		*to = v == "true"
	}
}

func numbers(to *[]int) reader {
	return func(l *loader, where, key string, node ast.Node) {
		values, _ := l.list(where, key, node) // one that is no list was said to be none
		for _, v := range values {
			n, err := strconv.Atoi(v)
			if err != nil {
				l.add(where, fmt.Sprintf("%s has %s, which is no number", key, plain(v)), "write, for example, [200, 202]")
				return
			}
			*to = append(*to, n)
		}
	}
}

func table[T ~string](to *map[string]T) reader {
	return func(l *loader, _, key string, node ast.Node) {
		all := map[string]T{}
		l.pairs(key+".", node, func(where, part string, value ast.Node) {
			var v T
			text(&v)(l, where, part, value)
			all[strings.TrimPrefix(part, key+".")] = v
		})
		*to = all
	}
}

// knowGateway puts the gateway's description and its password together and has package sms look at it.
func (l *loader) knowGateway() {
	c := &l.config
	word := string(c.gatewayPassword)
	c.gatewayPassword = ""
	switch byURL := c.SMS.HTTP != nil || c.SMS.SMPP != nil; {
	case c.SMSGateway == nil && word != "":
		l.add(l.source["sms_gateway_password"], "sms_gateway_password is set, but there is no sms_gateway", "describe the gateway below sms_gateway:, or leave the password out")
	case c.SMSGateway != nil && byURL:
		l.add(l.source["sms_url"], "sms_url is set, and so is sms_gateway", "keep one of the two")
	case c.SMSGateway != nil:
		c.SMSGateway.Password = word
		l.checkGateway(*c.SMSGateway)
	case c.SMS.HTTP != nil && c.PublicURL != nil:
		if _, err := sms.NewGateway(*c.SMS.HTTP, c.SMSOptions()); err != nil {
			l.add(l.source["sms_url"], "sms_url can't be used: "+gatewayFault(err), urlForm)
		}
	}
}

// checkGateway has package sms look at a description. It names the first mistake; what it names is
// then put right in this copy, to find the next one.
func (l *loader) checkGateway(d sms.Custom) {
	if l.halfRead || l.config.PublicURL == nil { // which was said
		return
	}
	d.Headers = maps.Clone(d.Headers)
	for before := ""; ; {
		_, err := sms.NewGateway(d, l.config.SMSOptions())
		if err == nil {
			return
		}
		fault := gatewayFault(err)
		if fault == before {
			return
		}
		before = fault
		where, part := l.place(fault)
		instead := "docs/operating.md shows one that works"
		if strings.HasPrefix(part, "{receipt_url}") {
			instead = "leave it out, or set public_url to an address that the gateway can reach"
		}
		l.add(where, "sms_gateway can't be used: "+fault, instead)
		mend(&d, part)
	}
}

// place finds the line of the part that a complaint begins with: "body, line 2, …", "success.status has …".
func (l *loader) place(fault string) (where, part string) {
	part, _, _ = strings.Cut(fault, " ")
	part = strings.TrimRight(part, ",:")
	if at, stands := l.seen["sms_gateway."+part]; stands {
		return fmt.Sprintf("%s:%d", l.name, at.Line), part
	}
	return l.source["sms_gateway"], part
}

// mend puts the named part of a description right.
func mend(d *sms.Custom, part string) {
	switch name, rest, _ := strings.Cut(part, "."); name {
	case "url":
		d.URL = "https://sms.example.com/"
	case "method", "content_type", "body":
		d.Method, d.ContentType, d.Body = "", "", ""
	case "headers":
		delete(d.Headers, rest)
	case "success":
		d.Success = sms.Success{}
	case "reference":
		d.Reference = sms.Where{}
	case "receipts":
		d.Receipts = sms.Receipts{}
	}
}
