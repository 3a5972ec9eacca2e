package web

import (
	"candor/answer"
	"candor/citation"
	"candor/identity"
)

// ofLog is an answer whose conversation is not kept any more, as far as the entries
// of the log name it: which records went where, and how it ended, and not what was
// said. There is at least one entry.
func ofLog(entries []citation.Entry) (answer.Answer, identity.CustomerID) {
	first, last := entries[0], entries[len(entries)-1]
	a := answer.Answer{
		ID: last.AnswerID, ConversationID: last.Conversation, At: first.At, Attempt: last.Attempt, Status: answer.Status(last.Status),
		Sentences: []answer.Sentence{}, Used: []answer.Used{}, NotSearched: append([]answer.NotSearched{}, last.NotSearched...),
		Epoch: last.Epoch, PolicyVersion: last.PolicyVersion, Language: last.Language,
		Model: answer.Model{Name: last.Model, Recipient: last.Recipient}, Leaf: answer.Leaf{ID: answer.LeafID(last.AnswerID)},
	}
	for _, u := range last.Records {
		a.Used = append(a.Used, answer.Used{
			RecordID: u.RecordID, Category: u.Category, Purpose: last.Purpose, Recipient: u.Recipient, GrantID: u.GrantID,
		})
	}
	return a, last.Customer
}
