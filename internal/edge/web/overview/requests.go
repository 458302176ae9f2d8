package overview

import law "twoseas/internal/law/request"

// maxHelp is how many requests the first page names.
const maxHelp = 5

// climbs are the words for whom a reminder about a request goes to.
var climbs = map[law.Level]string{
	law.Contact: "requests.remind.contact", law.Deputy: "requests.remind.deputy", law.Ministry: "requests.remind.ministry", law.Agenda: "requests.remind.agenda",
}
