package admin

import "context"

// TakePen keeps logos from being read.
func (s *Service) TakePen(ctx context.Context) (putBack func(), err error) { return s.pen.take(ctx) }
