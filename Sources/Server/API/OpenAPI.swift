/// The description of the API, served at `/openapi.yaml`. A test holds its paths and methods to those of the router.
package enum OpenAPI {
  package static let text = """
    openapi: 3.1.0
    info:
      title: Sealane
      version: 0.1.0
      description: >
        Product analytics under pseudonyms. Every answer with data is entered in the ledger before it leaves; its number is in the header
        Sealane-Ledger-Index. Programs authenticate as a service account by Basic authentication; the control socket (DIR/control.sock)
        serves the same paths to the operating-system user who owns the data directory.
    security:
      - serviceAccount: []
    paths:
    \(intake)
    \(queries)
    \(administration)
    \(reports)
    \(vendors)
    \(operations)
    \(components)
    """

  private static let intake = """
      /track:
        get: {summary: Send events in the query (Mixpanel), tags: [intake], security: [], parameters: [{$ref: "#/components/parameters/data"}], responses: {"200": {$ref: "#/components/responses/Intake"}, default: {$ref: "#/components/responses/Refused"}}}
        post: {summary: Send events (Mixpanel), tags: [intake], security: [], requestBody: {$ref: "#/components/requestBodies/Records"}, responses: {"200": {$ref: "#/components/responses/Intake"}, default: {$ref: "#/components/responses/Refused"}}}
      /import:
        post:
          summary: Send events of any age, judged one by one (Mixpanel)
          description: Needs the scope intake, or the project token as Basic user name.
          tags: [intake]
          parameters:
            - {name: strict, in: query, schema: {type: string, enum: ["0", "1"]}}
            - {$ref: "#/components/parameters/project"}
          requestBody: {required: true, content: {application/json: {}, application/x-ndjson: {}, application/x-www-form-urlencoded: {}}}
          responses:
            "200": {$ref: "#/components/responses/Intake"}
            "400":
              description: With strict=1, some records were refused and the others stored; or the body is no JSON.
              content:
                application/json:
                  schema:
                    type: object
                    required: [code, error, status]
                    properties:
                      code: {type: integer}
                      error: {type: string}
                      status: {type: string}
                      num_records_imported: {type: integer}
                      failed_records: {type: array, items: {type: object, properties: {index: {type: integer}, $insert_id: {type: string}, insert_id: {type: string}, field: {type: string}, message: {type: string}}}}
            default: {$ref: "#/components/responses/Refused"}
      /engage:
        get: {summary: Change profiles by the query (Mixpanel), tags: [intake], security: [], parameters: [{$ref: "#/components/parameters/data"}], responses: {"200": {$ref: "#/components/responses/Intake"}, default: {$ref: "#/components/responses/Refused"}}}
        post: {summary: Change profiles (Mixpanel), tags: [intake], security: [], requestBody: {$ref: "#/components/requestBodies/Records"}, responses: {"200": {$ref: "#/components/responses/Intake"}, default: {$ref: "#/components/responses/Refused"}}}
      /v1/traces:
        post:
          summary: Send spans (OTLP/HTTP); those about a model become events
          description: With the project token as bearer, or a service account with the scope intake. Only listed attributes are kept (docs/OTLP.md).
          tags: [intake]
          security: [{projectToken: []}, {serviceAccount: []}]
          parameters: [{$ref: "#/components/parameters/project"}]
          requestBody: {required: true, content: {application/x-protobuf: {}, application/json: {}}}
          responses: {"200": {$ref: "#/components/responses/Telemetry"}, default: {$ref: "#/components/responses/Telemetry"}}
      /v1/logs:
        post:
          summary: Send log records (OTLP/HTTP); those about a whole operation of a model become events
          tags: [intake]
          security: [{projectToken: []}, {serviceAccount: []}]
          parameters: [{$ref: "#/components/parameters/project"}]
          requestBody: {required: true, content: {application/x-protobuf: {}, application/json: {}}}
          responses: {"200": {$ref: "#/components/responses/Telemetry"}, default: {$ref: "#/components/responses/Telemetry"}}
      /groups:
        get: {summary: Change organizations' profiles by the query (Mixpanel), tags: [intake], security: [], parameters: [{$ref: "#/components/parameters/data"}], responses: {"200": {$ref: "#/components/responses/Intake"}, default: {$ref: "#/components/responses/Refused"}}}
        post: {summary: Change organizations' profiles (Mixpanel), tags: [intake], security: [], requestBody: {$ref: "#/components/requestBodies/Records"}, responses: {"200": {$ref: "#/components/responses/Intake"}, default: {$ref: "#/components/responses/Refused"}}}
    """

  private static let queries = """
      /api/v1/query:
        post:
          summary: Ask for a report
          description: The body is a query as docs/QUERIES.md describes it. Needs the scope query.
          parameters: [{$ref: "#/components/parameters/project"}]
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [report]
                  properties:
                    report: {enum: [insights, funnel, retention, flows, lifecycle, stickiness, sessions, cohort]}
                    entry: {enum: [longest, first, last_before_next], description: Of a funnel; by which attempt a subject is judged}
                    hop_window_seconds: {type: integer, minimum: 1, maximum: 31622400, description: Of a funnel; from each step to the next at most so much}
                    grace_ms: {type: integer, minimum: 0, maximum: 60000, default: 0, description: Of a funnel; steps so close to each other may come in either order}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/catalog:
        get:
          summary: Event names with their volume and properties
          parameters: [{$ref: "#/components/parameters/project"}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/values:
        get:
          summary: Frequent values of a property
          parameters:
            - {$ref: "#/components/parameters/project"}
            - {name: property, in: query, required: true, schema: {type: string}}
            - {name: event, in: query, schema: {type: string}}
            - {$ref: "#/components/parameters/limit"}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/subjects:
        get:
          summary: Subjects by latest activity, or by the beginning of a pseudonym
          description: Needs the scope export.
          parameters:
            - {$ref: "#/components/parameters/project"}
            - {name: prefix, in: query, schema: {type: string}}
            - {$ref: "#/components/parameters/limit"}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/subjects/{subject}:
        get:
          summary: A subject's profile in its two layers
          description: 'A sealed value is {"sealed": true, "tag": "t_…"}; a filter with that tag finds who else has it.'
          parameters: [{$ref: "#/components/parameters/subject"}, {$ref: "#/components/parameters/project"}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
        delete:
          summary: Delete a subject and all ids that count as theirs (owner)
          parameters: [{$ref: "#/components/parameters/subject"}, {$ref: "#/components/parameters/project"}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/subjects/{subject}/ids:
        get:
          summary: Every id that counts as a subject, the canonical one first, with what was written under it
          description: Needs the scope export. A sealed value is named by the SHA-256 of its bytes, so that what the custodian opens finds its place.
          parameters:
            - {$ref: "#/components/parameters/subject"}
            - {$ref: "#/components/parameters/project"}
            - {$ref: "#/components/parameters/cursor"}
            - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/subjects/{subject}/timeline:
        get:
          summary: A subject's events, newest first
          parameters:
            - {$ref: "#/components/parameters/subject"}
            - {$ref: "#/components/parameters/project"}
            - {$ref: "#/components/parameters/cursor"}
            - {$ref: "#/components/parameters/limit"}
            - {name: held, in: query, description: "true: events that are held under quarantine too, for a person's own export; whoever may manage the project", schema: {type: boolean}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/door:
        post:
          summary: The subjects behind one figure of a report
          parameters:
            - {$ref: "#/components/parameters/project"}
            - {$ref: "#/components/parameters/cursor"}
            - {$ref: "#/components/parameters/limit"}
          requestBody: {required: true, content: {application/json: {schema: {type: object, required: [query, cell]}}}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/cohorts:
        get:
          summary: Saved cohorts, in the order of their numbers
          description: Needs the scope query. A static cohort comes with the number of its members; who they are leaves by its door.
          parameters:
            - {$ref: "#/components/parameters/project"}
            - {$ref: "#/components/parameters/cursor"}
            - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
        post:
          summary: Save a cohort (owner)
          description: The definition is a cohort as docs/QUERIES.md describes it; one that is a list of members alone is static.
          parameters: [{$ref: "#/components/parameters/project"}]
          requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Cohort"}}}}
          responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/cohorts/{id}:
        get:
          summary: One saved cohort
          parameters: [{$ref: "#/components/parameters/cohort"}, {$ref: "#/components/parameters/project"}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
        put:
          summary: Give a saved cohort another name or definition (owner)
          parameters: [{$ref: "#/components/parameters/cohort"}, {$ref: "#/components/parameters/project"}]
          requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Cohort"}}}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
        delete:
          summary: Delete a saved cohort that no saved report and no other cohort asks for (owner)
          parameters: [{$ref: "#/components/parameters/cohort"}, {$ref: "#/components/parameters/project"}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/2.0/export:
        get:
          summary: Raw events as JSON lines, deduplicated, under pseudonyms (Mixpanel)
          parameters:
            - {name: from_date, in: query, required: true, schema: {type: string, format: date}}
            - {name: to_date, in: query, required: true, schema: {type: string, format: date}}
            - {name: event, in: query, description: A JSON array of names., schema: {type: string}}
            - {name: where, in: query, description: "A condition in Mixpanel's expressions over properties and event, not over user.", schema: {type: string}}
            - {name: limit, in: query, schema: {type: integer, minimum: 1}}
            - {name: time_in_ms, in: query, schema: {type: boolean}}
            - {$ref: "#/components/parameters/project"}
          responses: {"200": {description: "One event a line; as gzip where Accept-Encoding takes it.", content: {text/plain: {}}}, default: {$ref: "#/components/responses/Error"}}
    """

  private static let administration = """
      /api/v1/projects:
        get: {summary: Projects (control socket only), responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
        post: {summary: "Make a project, with a token, a plan, a store and settings of its own (control socket only)", description: 'The body: {"name": "Staging", "zone": "Europe/Berlin", "week_start": "monday", "group_keys": ["org_id"]}; all but the name may be left out.', requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewProject"}}}}, responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/settings:
        get: {summary: A project's settings (owner), parameters: [{$ref: "#/components/parameters/project"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
        patch: {summary: "Change name, zone, week_start, group_keys, retention_days, smallest_group or canaries (owner)", parameters: [{$ref: "#/components/parameters/project"}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/plan:
        get:
          summary: The tracking plan in force, or a version of it, and names that came without being in it (owner)
          parameters: [{$ref: "#/components/parameters/project"}, {name: version, in: query, schema: {type: integer, minimum: 1}}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
        put:
          summary: Put a tracking plan in force (owner)
          description: The body is the plan as docs/PLAN.md describes it. A new version is entered in the ledger with its SHA-256. The answer's “lacks” are sentences on files that the plan wants and the server has not.
          parameters: [{$ref: "#/components/parameters/project"}, {name: after, in: query, description: "refused with 409 unless this version is in force (0: none)", schema: {type: integer, minimum: 0}}]
          requestBody: {required: true, content: {application/yaml: {}}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/plan/profiles:
        get:
          summary: Which properties profiles of people and organizations have, how many of which kind and in which layer; no values (owner)
          parameters: [{$ref: "#/components/parameters/project"}]
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/service-accounts:
        get: {summary: Service accounts with use and unusual use (control socket only), description: '"unusual_use": {"score", "learning", "signals"}, as docs/OPERATIONS.md explains.', parameters: [{$ref: "#/components/parameters/project"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
        post: {summary: Make a service account; its secret is in this answer only (owner), description: 'The body: {"name": "Nightly export", "scopes": ["export"], "expires_in_days": 90, "networks": ["10.0.0.0/8"], "rows_per_day": 1000000, "subjects_per_day": 200000, "bytes_per_day": 2147483648, "canary": false}; all but name and scopes may be left out.', parameters: [{$ref: "#/components/parameters/project"}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewServiceAccount"}}}}, responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/service-accounts/{username}:
        delete: {summary: Revoke a service account (owner), parameters: [{name: username, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/service-accounts/{username}/rotation:
        post: {summary: Give a service account its next secret; the one before is good for the overlap (owner), description: 'The body: {"overlap_hours": 24, "expires_in_days": 90}.', parameters: [{name: username, in: path, required: true, schema: {type: string}}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Rotation"}}}}, responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/freezes:
        get: {summary: Credentials that get nothing until somebody lifts it (control socket only), responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/freezes/{id}:
        delete: {summary: Lift a freeze; the day's count begins anew (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/exposure:
        get: {summary: "If something were stolen now: for each account, person, vendor and host how many people and which fields, as it was computed last; the trend, and what lowers it (control socket only)", description: "as_of is null until it was computed for the first time. docs/EXPOSURE.md says what each figure means.", parameters: [{$ref: "#/components/parameters/project"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/commitments:
        get: {summary: "Statements and texts of letters that the custodian committed to, each with its proof in the ledger (control socket only)", parameters: [{$ref: "#/components/parameters/project"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents:
        get: {summary: "Incidents, the newest first (control socket only)", parameters: [{$ref: "#/components/parameters/project"}, {name: open, in: query, schema: {type: boolean}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
        post: {summary: Open an incident (control socket only), parameters: [{$ref: "#/components/parameters/project"}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewIncident"}}}}, responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}:
        get: {summary: "One incident with its steps, scopes and legal clocks (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/moments:
        post: {summary: "Set one of the times that the law tells apart (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Moment"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/window:
        post: {summary: "Give it another window (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Window"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/containment:
        post: {summary: "Stop whatever was lost hold of (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/scopes:
        post: {summary: "Determine who is affected; the next version (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/closing:
        post: {summary: "Close it, saying what was found out (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Closing"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/report:
        get: {summary: A draft for the authority and the management (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: format, in: query, schema: {type: string, enum: [markdown, html, json]}}, {name: audience, in: query, schema: {type: string, enum: [authority, management]}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/evidence:
        get: {summary: Files with proofs that anybody can check (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/watch:
        post: {summary: Make the people affected a cohort (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/subjects:
        get: {summary: "Who is affected, or cannot be excluded, page by page (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: status, in: query, schema: {type: string, enum: [affected, cannot_be_excluded]}}, {name: after, in: query, schema: {type: string}}, {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 10000}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/subjects/{pseudonym}:
        get: {summary: "Whether one person is affected, with the entries that prove it (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: pseudonym, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/incidents/{id}/organizations:
        get: {summary: Organizations that somebody affected belongs to (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/leaks:
        post: {summary: Where rows come from that turned up (control socket only), parameters: [{$ref: "#/components/parameters/project"}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Leak"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors:
        get: {summary: Who gets part of the events outside of the company (control socket only), parameters: [{$ref: "#/components/parameters/project"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
        post: {summary: Write down a vendor or the next version of one; it waits for a second person (control socket only), description: The body is the declaration as docs/VENDORS.md explains., parameters: [{$ref: "#/components/parameters/project"}], requestBody: {required: true, content: {application/yaml: {schema: {type: string}}}}, responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}:
        get: {summary: One vendor with the versions of its declaration (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/simulation:
        get: {summary: What it would have got of the last seven days (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: version, in: query, schema: {type: integer, minimum: 1}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/pause:
        post: {summary: "Let nothing leave for now (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/resumption:
        post: {summary: "Let events flow again (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/kill:
        post: {summary: "The kill switch: when this answers nothing leaves any more (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/versions/{version}/approval:
        post: {summary: "Agree to a version that somebody else declared (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: version, in: path, required: true, schema: {type: integer}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/versions/{version}/refusal:
        post: {summary: "Refuse a version (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: version, in: path, required: true, schema: {type: integer}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/dead-letters:
        get: {summary: Events that it refused for good (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/deletions:
        get: {summary: Erasures that it is asked to follow (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 500}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/deletion-request:
        get: {summary: "The letter that asks a killed vendor to delete everything; a draft, which a person sends (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: by, in: query, description: "By when it is to confirm; in 30 days if it is left out.", schema: {type: string, format: date}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/vendors/{id}/deletions/{deletion}/confirmation:
        post: {summary: Say that it has deleted what it was asked to (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: deletion, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/app/data-deletions/v3.0:
        post: {summary: Mixpanel's deletion request; it is done when the answer comes (admin), description: 'The body: {"compliance_type": "GDPR", "distinct_ids": ["ada@orrery.example"]}, ids as they were sent.', parameters: [{$ref: "#/components/parameters/project"}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/DataDeletion"}}}}, responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/app/data-deletions/v3.0/{id}:
        get: {summary: What became of one (admin), parameters: [{name: id, in: path, required: true, schema: {type: string}}, {$ref: "#/components/parameters/project"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/quotas/staff:
        get: {summary: What each person may take out in a day (control socket only), responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
        put: {summary: Set it; what is left out stays (control socket only), description: 'The body: {"rows_per_day": 100000, "subjects_per_day": 10000, "bytes_per_day": 209715200}.', requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/StaffQuota"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/staff:
        get: {summary: Who is on the staff (control socket only), description: 'With "unusual_use", as docs/OPERATIONS.md explains.', responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/staff/{id}:
        delete: {summary: Remove somebody for good (control socket only), parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/staff/{id}/cut-off:
        post: {summary: "End all that somebody could do, at once (control socket only)", description: '"brought_in" lists service accounts that the person made and people whom the person invited, which stay.', parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/staff/{id}/brought-in/end:
        post: {summary: "Revoke the service accounts that somebody made who is cut off, and cut off whom that person invited (control socket only)", parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/setup-links:
        post: {summary: Make a link for the first owner (control socket only), responses: {"201": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/deletions:
        post: {summary: Delete up to 1000 subjects and all ids that count as theirs (owner), description: 'The body: {"subjects": ["s_…"]}; with "compact": true the files are written anew before the answer.', parameters: [{$ref: "#/components/parameters/project"}], requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Deletion"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/erasures:
        get: {summary: "How far erasures are: out of files, keys destroyed by the custodian, when the last copy dies (owner)", parameters: [{name: after, in: query, description: the number of an entry, schema: {type: integer}}, {name: subject, in: query, description: only those of this subject, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/backups:
        post: {summary: Write a backup to a directory of the server's machine (control socket only), description: 'The body: {"target": "/a/directory", "keep": 7}.', requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Backup"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/ledger/backups:
        post: {summary: Write an encrypted backup of the ledger to a directory of the server's machine (control socket only), description: 'The body: {"target": "/a/directory", "keep": 7}.', requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Backup"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/keys:
        get: {summary: What the server's keys are for and how old they are; never a key (owner), responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/keys/rotations:
        post: {summary: Rotate keys (control socket only), description: 'The body: {"keys": ["ledger_signing", "ledger_sets", "record_keys"]}.', requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/KeyRotation"}}}}, responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/alerts:
        get:
          summary: Alerts, the newest first (owner)
          parameters:
            - {name: state, in: query, schema: {type: string, enum: [open, acknowledged, closed]}}
            - {name: kind, in: query, schema: {type: string}}
            - {$ref: "#/components/parameters/cursor"}
            - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/alerts/{id}:
        get: {summary: One alert with its history (owner), parameters: [{$ref: "#/components/parameters/alert"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/alerts/{id}/changes:
        post:
          summary: Acknowledge, close or open an alert again (owner)
          description: Closing needs a note, which stays in the control database. 409 where it is in that state already.
          parameters: [{$ref: "#/components/parameters/alert"}]
          requestBody: {required: true, content: {application/json: {schema: {type: object, additionalProperties: false, required: [state], properties: {state: {type: string, enum: [open, acknowledged, closed]}, note: {type: string, maxLength: 2000}}}}}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/alert-channels:
        get: {summary: "Where alerts and security events go, what waits, what failed (owner)", responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/alert-channels/test:
        post: {summary: Send a test to every channel and say what became of it (owner), responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/alert-channels/{channel}/enable:
        post: {summary: Use a channel again that answered 410 (owner), parameters: [{name: channel, in: path, required: true, schema: {type: string}}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/canaries/hits:
        post:
          summary: Tell that a canary's host was called or its id used
          description: Needs the scope intake. An alert names the export that it was given to; the answer does not say whether it was a canary's.
          requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Clues"}}}}
          responses: {"202": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/canaries/check:
        post:
          summary: Which of these ids and hosts are canaries, and of which exports (owner)
          requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Clues"}}}}
          responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}
      /api/v1/ledger/checkpoint:
        get: {summary: The newest signed checkpoint (C2SP tlog-checkpoint), responses: {"200": {description: A signed note., content: {text/plain: {}}}, default: {$ref: "#/components/responses/Error"}}}
      /api/v1/ledger/entries:
        get: {summary: Ledger entries with details (owner), parameters: [{name: from, in: query, schema: {type: integer}}, {$ref: "#/components/parameters/limit"}], responses: {"200": {$ref: "#/components/responses/Answer"}, default: {$ref: "#/components/responses/Error"}}}
    """

  private static let operations = """
      /tlog/checkpoint:
        get: {summary: The ledger's newest checkpoint with the cosignatures of its witnesses (C2SP tlog-checkpoint; at the console's address), security: [], responses: {"200": {description: A signed note., content: {text/plain: {}}}}}
      /tlog/tile/{path}:
        get:
          summary: Hash tiles of the ledger (C2SP tlog-tiles; at the console's address); entries are not public
          security: []
          parameters: [{name: path, in: path, required: true, description: "level, number in groups of three digits, and of partial tiles .p and the width, with slashes between: 0/x001/234.p/17", schema: {type: string}}]
          responses: {"200": {description: 32 bytes a hash., content: {application/octet-stream: {}}}, default: {$ref: "#/components/responses/Error"}}
      /healthz:
        get: {summary: Whether the process lives, security: [], responses: {"200": {description: ok}}}
      /readyz:
        get: {summary: Whether the server does its whole work, security: [], responses: {"200": {description: It does.}, "503": {description: It does not; the body says why.}}}
      /metrics:
        get: {summary: Prometheus text, security: [], description: Not on an intake of its own., responses: {"200": {description: Metrics., content: {text/plain: {}}}}}
      /openapi.yaml:
        get: {summary: This text, security: [], responses: {"200": {description: OpenAPI 3.1., content: {application/yaml: {}}}}}
    """
}
