package misp

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/format/misp"
)

// types answers with the attribute types that the node knows by name. Others
// are taken and given as they are.
func (s *Server) types(q *request) error {
	raw, err := describeTypes()
	if err != nil {
		return err
	}
	q.send(http.StatusOK, "application/json", raw)
	return nil
}

// describeTypes writes the answer of types, once.
var describeTypes = sync.OnceValues(func() ([]byte, error) {
	defaults, mapping, names := map[string]any{}, map[string][]string{}, []string{}
	for _, t := range misp.Types() {
		ids := 0
		if t.ToIDs {
			ids = 1
		}
		defaults[t.Name] = map[string]any{"default_category": t.Category, "to_ids": ids}
		names = append(names, t.Name)
		for _, c := range t.Categories {
			mapping[c] = append(mapping[c], t.Name)
		}
	}
	return canon.Write(map[string]any{"result": map[string]any{
		"sane_defaults": defaults, "types": names, "categories": misp.Categories(), "category_type_mappings": mapping,
	}})
})

// me says who asks, as MISP shows a user, his role and his organisation.
func (s *Server) me(q *request) error {
	if q.arg() != "me" {
		return errNotFound
	}
	may := func(act people.Act) bool { return q.actor.May(act) == nil }
	org := s.Events.OrgOf(q.actor)
	role := map[string]any{
		"id": "1", "name": roleNames(q.actor), "perm_auth": true, "perm_add": may(people.Write), "perm_modify": may(people.Write),
		"perm_modify_org": false, "perm_publish": false, "perm_delegate": false, "perm_sync": may(people.Write), "perm_admin": false, "perm_site_admin": false,
		"perm_audit": false, "perm_regexp_access": false, "perm_tagger": false, "perm_template": false, "perm_sharing_group": false, "perm_tag_editor": false,
		"perm_sighting": may(people.Respond), "perm_object_template": false, "perm_galaxy_editor": false, "perm_warninglist": false, "perm_analyst_data": false,
		"perm_view_feed_correlations": false, "default_role": false, "permission": "0", "permission_description": "read",
	}
	q.answer(http.StatusOK, map[string]any{
		"User": map[string]any{
			"id": "1", "email": q.actor.Name, "org_id": "1", "role_id": "1", "server_id": "0", "autoalert": false, "contactalert": false, "termsaccepted": true,
			"disabled": false, "change_pw": false, "invited_by": "0", "nids_sid": "0", "newsread": "0", "gpgkey": nil, "certif_public": nil, "expiration": nil,
			"current_login": "0", "last_login": "0", "force_logout": false, "date_created": nil, "date_modified": nil,
		},
		"Role": role, "UserSetting": []any{},
		"Organisation": map[string]any{"id": "1", "name": org.Name, "uuid": org.UUID, "local": true},
	})
	return nil
}

func roleNames(by people.Actor) string {
	names := make([]string, len(by.Roles))
	for i, r := range by.Roles {
		names[i] = string(r)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
