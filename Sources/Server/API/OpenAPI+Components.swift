/// What the operations of the description share.
extension OpenAPI {
  static let components = """
    components:
      schemas:
        Cohort: {type: object, additionalProperties: false, required: [name, definition], properties: {name: {type: string, maxLength: 200}, definition: {type: object}}}
        NewProject: {type: object, additionalProperties: false, required: [name], properties: {name: {$ref: "#/components/schemas/Name"}, zone: {type: string}, week_start: {$ref: "#/components/schemas/WeekStart"}, group_keys: {$ref: "#/components/schemas/GroupKeys"}}}
        Settings: {type: object, additionalProperties: false, minProperties: 1, properties: {name: {$ref: "#/components/schemas/Name"}, zone: {type: string}, week_start: {$ref: "#/components/schemas/WeekStart"}, group_keys: {$ref: "#/components/schemas/GroupKeys"}, retention_days: {type: [integer, "null"], minimum: 1, maximum: 36500}, smallest_group: {type: integer, minimum: 1, maximum: 1000}, canaries: {type: boolean}}}
        Name: {type: string, minLength: 1, maxLength: 200}
        WeekStart: {type: string, enum: [monday, sunday]}
        GroupKeys: {type: array, maxItems: 10, uniqueItems: true, items: {type: string, minLength: 1, maxLength: 200}}
        NewServiceAccount:
          type: object
          additionalProperties: false
          required: [name, scopes]
          properties:
            name: {$ref: "#/components/schemas/Name"}
            scopes: {type: array, minItems: 1, items: {type: string, enum: [intake, query, export, admin]}}
            expires_in_days: {type: integer, minimum: 1, maximum: 366, default: 90}
            networks: {type: array, maxItems: 50, items: {type: string, description: "An address, or a network such as 10.0.0.0/8."}}
            rows_per_day: {type: integer, minimum: 0, maximum: 1000000000}
            subjects_per_day: {type: integer, minimum: 0, maximum: 1000000000}
            bytes_per_day: {type: integer, minimum: 0, maximum: 1048576000000000}
            canary: {type: boolean, default: false}
        Leak: {type: object, additionalProperties: false, properties: {ids: {type: array, maxItems: 20000, items: {type: string, maxLength: 300}}, hosts: {type: array, maxItems: 20000, items: {type: string, maxLength: 300}}, incident: {type: integer, minimum: 1}}}
        NewIncident: {type: object, additionalProperties: false, anyOf: [{required: [title, source]}, {required: [alert]}], properties: {title: {type: string, minLength: 1, maxLength: 200}, source: {type: object, required: [kind, id], properties: {kind: {type: string, enum: [vendor, credential, person, export, host]}, id: {type: string, minLength: 1, maxLength: 100}}}, from: {type: string}, to: {type: string}, alert: {type: integer, minimum: 1}, vendor_told_us: {type: string}, first_signal: {type: string}, data_set_received: {type: string}}}
        Moment: {type: object, additionalProperties: false, required: [moment], properties: {moment: {type: string, enum: [first_signal, investigation_started, certain, vendor_told_us, data_set_received, classified_major, materiality_decided, high_risk_found, authority_told, people_told]}, at: {type: [string, "null"]}}}
        Window: {type: object, additionalProperties: false, properties: {from: {type: [string, "null"]}, to: {type: [string, "null"]}}}
        Closing: {type: object, additionalProperties: false, required: [note], properties: {note: {type: string, minLength: 1, maxLength: 2000}}}
        DataDeletion: {type: object, required: [distinct_ids], properties: {compliance_type: {type: string}, distinct_ids: {type: array, minItems: 1, maxItems: 2000, items: {type: string, minLength: 1}}}}
        StaffQuota: {type: object, additionalProperties: false, properties: {rows_per_day: {type: integer, minimum: 0, maximum: 1000000000}, subjects_per_day: {type: integer, minimum: 0, maximum: 1000000000}, bytes_per_day: {type: integer, minimum: 0, maximum: 1048576000000000}}}
        Rotation: {type: object, additionalProperties: false, properties: {overlap_hours: {type: integer, minimum: 0, maximum: 168, default: 24}, expires_in_days: {type: integer, minimum: 1, maximum: 366, default: 90}}}
        Deletion: {type: object, additionalProperties: false, required: [subjects], properties: {subjects: {type: array, minItems: 1, maxItems: 1000, items: {type: string, pattern: "^s_[0-9a-f]{32}$"}}, compact: {type: boolean, default: false}}}
        Backup: {type: object, additionalProperties: false, required: [target], properties: {target: {type: string, description: An absolute path.}, keep: {type: integer, minimum: 1}}}
        KeyRotation: {type: object, additionalProperties: false, required: [keys], properties: {keys: {type: array, minItems: 1, items: {type: string, enum: [ledger_signing, ledger_sets, record_keys]}}}}
        VendorGrant:
          type: object
          additionalProperties: false
          required: [name]
          properties:
            vendor: {type: string, pattern: "^[a-z0-9][a-z0-9-]{0,39}$"}
            client_id: {type: string, maxLength: 200}
            name: {type: string, minLength: 1, maxLength: 200}
            kind: {type: string, enum: [oauth_grant, api_key, service_account, webhook, user], default: oauth_grant}
            scopes: {type: array, maxItems: 200, items: {type: string, maxLength: 300}}
            granted_by: {type: string, maxLength: 200}
            created_at: {type: string, format: date-time}
            last_used_at: {type: string, format: date-time}
            expires_at: {type: string, format: date-time}
            note: {type: string, maxLength: 500}
        Report: {type: object, properties: {message: {type: string, description: The whole message as it came in base64.}, RawEmail: {type: string}}}
        Warning: {type: object, additionalProperties: false, minProperties: 1, maxProperties: 1, properties: {domain: {type: string, maxLength: 253}, subject: {type: string, maxLength: 200}}}
        Trust: {type: object, additionalProperties: false, required: [anchors, site], properties: {anchors: {type: object}, site: {type: object, required: [contact], properties: {contact: {type: string, maxLength: 254}}}}}
        Clues: {type: object, additionalProperties: false, minProperties: 1, properties: {ids: {type: array, maxItems: 10000, items: {type: string, maxLength: 300}}, hosts: {type: array, maxItems: 10000, items: {type: string, maxLength: 300}}}}
      securitySchemes:
        serviceAccount: {type: http, scheme: basic}
        projectToken: {type: http, scheme: bearer}
      requestBodies:
        Records: {description: "A JSON array, or a form whose field data holds it, in base64 or not.", content: {application/json: {}, application/x-www-form-urlencoded: {}}}
      parameters:
        data: {name: data, in: query, description: "Records in JSON, in base64 or not.", schema: {type: string}}
        project: {name: project_id, in: query, description: "The project; default: the account's, or the first.", schema: {type: integer}}
        subject: {name: subject, in: path, required: true, description: s_ and 32 hexadecimal digits., schema: {type: string, pattern: "^s_[0-9a-f]{32}$"}}
        cohort: {name: id, in: path, required: true, description: A saved cohort's number., schema: {type: integer}}
        grant: {name: id, in: path, required: true, description: A grant's number., schema: {type: integer}}
        alert: {name: id, in: path, required: true, description: An alert's number., schema: {type: integer}}
        cursor: {name: cursor, in: query, description: The “next” of the page before., schema: {type: string}}
        limit: {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 10000}}
      headers:
        ledger: {description: Number of the ledger entry that this answer stands in., schema: {type: integer}}
      responses:
        Intake: {description: "Mixpanel's own answers: 1 or 0, or JSON with verbose=1 or strict=1."}
        Refused: {description: "Nothing was stored: 400 unreadable, 401 credentials, 413 too large, 415 encoding, 429 too fast, 503 busy or out of order; the last two say when in Retry-After.", content: {application/json: {}}}
        Telemetry: {description: "OTLP's own answers, in the encoding of the request: an export response, perhaps with partial_success; or google.rpc.Status with 400, 401, 413, 415, 429 or 503.", content: {application/x-protobuf: {}, application/json: {}}}
        Answer: {description: JSON. Lists come in pages; “next” is null on the last., headers: {Sealane-Ledger-Index: {$ref: "#/components/headers/ledger"}}, content: {application/json: {}}}
        Error:
          description: What was wrong and what to do.
          content: {application/json: {schema: {type: object, required: [error, message], properties: {error: {type: string}, message: {type: string}, field: {type: string}}}}}
    """
}
