package main
import "context"
func serve(context.Context,string) error {return nil}
func (b *bench) sessions(context.Context) error {return nil}
func (b *bench) signIns(context.Context) error {return nil}
func (b *bench) process(context.Context) error {return nil}
