package web

import (
	"candor/answer"
	"candor/citation"
	"candor/review"
)

// ofLog is an answer as far as the heads of its entries name it: which records went
// where, and how it ended, and not what was said. One that is being written may have no
// entry yet.
func ofLog(x review.Item, entries []citation.Entry) answer.Answer {
	a := answer.Answer{
		ID: x.AnswerID, ConversationID: x.Conversation, At: x.At, Attempt: x.Attempt, Status: answer.Status(x.Status),
		Sentences: []answer.Sentence{}, Used: []answer.Used{}, NotSearched: append([]answer.NotSearched{}, x.NotSearched...),
		Epoch: x.Epoch, PolicyVersion: x.PolicyVersion, Language: x.Language, Model: answer.Model{Name: x.Model, Recipient: x.Recipient},
		Leaf: answer.Leaf{Index: x.LeafIndex, ID: answer.LeafID(x.AnswerID)},
	}
	if len(entries) == 0 {
		return a
	}
	for _, u := range entries[len(entries)-1].Records {
		a.Used = append(a.Used, answer.Used{
			RecordID: u.RecordID, Category: u.Category, Purpose: x.Purpose, Recipient: u.Recipient, GrantID: u.GrantID,
		})
	}
	return a
}
