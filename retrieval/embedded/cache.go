package embedded

import (
	"container/list"
	"strings"
	"sync"
	"time"

	"candor/consent"
	"candor/identity"
)

// key names what a partition may be used for: one customer of one site, at one
// epoch and version of their passages, with one set of categories.
type key struct {
	site       identity.SiteID
	customer   identity.CustomerID
	epoch      int64
	version    int64
	categories string
}

func keyOf(scope consent.Scope, version int64) key {
	k := key{site: scope.Site(), customer: scope.Customer(), epoch: scope.Stamp().Epoch, version: version}
	var b strings.Builder
	for _, c := range scope.Searchable() {
		b.WriteString(string(c))
		b.WriteByte(0)
	}
	k.categories = b.String()
	return k
}

// cache keeps partitions, the least recently used go first. It is bounded in
// bytes, and in time: a customer who has left is not kept in memory.
type cache struct {
	limit int
	idle  time.Duration

	mu      sync.Mutex
	entries map[key]*list.Element
	// byCustomer finds what must go when a customer's epoch moves.
	byCustomer map[identity.CustomerID]map[key]*list.Element
	recent     list.List // of *entry, the most recently used first
	bytes      int
	timer      *time.Timer // runs while there are entries
}

type entry struct {
	key       key
	partition *partition
	used      time.Time
}

func newCache(limit int, idle time.Duration) *cache {
	return &cache{
		limit: limit, idle: idle,
		entries:    make(map[key]*list.Element),
		byCustomer: make(map[identity.CustomerID]map[key]*list.Element),
	}
}

// get returns the partition of k, or nil.
func (c *cache) get(k key) *partition {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outdate(k)
	e := c.entries[k]
	if e == nil {
		return nil
	}
	e.Value.(*entry).used = time.Now()
	c.recent.MoveToFront(e)
	return e.Value.(*entry).partition
}

// put keeps a partition, unless the customer's epoch has moved on meanwhile or
// it is larger than all there is room for.
func (c *cache) put(k key, p *partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[k] != nil || p.bytes > c.limit {
		return
	}
	for other := range c.byCustomer[k.customer] {
		if other.site == k.site && (other.epoch > k.epoch || other.epoch == k.epoch && other.version > k.version) {
			return
		}
	}
	c.outdate(k)
	e := c.recent.PushFront(&entry{k, p, time.Now()})
	c.entries[k] = e
	if c.byCustomer[k.customer] == nil {
		c.byCustomer[k.customer] = make(map[key]*list.Element)
	}
	c.byCustomer[k.customer][k] = e
	c.bytes += p.bytes
	for c.bytes > c.limit {
		c.remove(c.recent.Back())
	}
	if c.timer == nil && c.recent.Len() > 0 {
		c.timer = time.AfterFunc(c.idle, c.expire)
	}
}

// outdate removes what is known of the customer at an earlier epoch or version.
func (c *cache) outdate(k key) {
	for other, e := range c.byCustomer[k.customer] {
		if other.site == k.site && (other.epoch < k.epoch || other.epoch == k.epoch && other.version < k.version) {
			c.remove(e)
		}
	}
}

// expire removes what was not used for a while, and comes back for the rest.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.recent.Back(); e != nil; e = c.recent.Back() {
		left := c.idle - time.Since(e.Value.(*entry).used)
		if left > 0 {
			c.timer = time.AfterFunc(left, c.expire)
			return
		}
		c.remove(e)
	}
	c.timer = nil
}

func (c *cache) forget(customer identity.CustomerID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.byCustomer[customer] {
		c.remove(e)
	}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.recent.Back(); e != nil; e = c.recent.Back() {
		c.remove(e)
	}
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

func (c *cache) remove(e *list.Element) {
	x := c.recent.Remove(e).(*entry)
	delete(c.entries, x.key)
	delete(c.byCustomer[x.key.customer], x.key)
	if len(c.byCustomer[x.key.customer]) == 0 {
		delete(c.byCustomer, x.key.customer)
	}
	c.bytes -= x.partition.bytes
}
