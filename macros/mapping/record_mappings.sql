{% macro record_mappings() %}
    {#- A hook of every staging view: from this refresh on, rows are read as these mappings say. -#}
    {%- if not is_refresh() -%}{%- do return('') -%}{%- endif -%}
    {%- set feed = this.identifier | replace('stg_', '', 1) -%}
    {%- set rows = [] -%}
    {%- for mapping in applied_mappings(feed) -%}
        {%- do rows.append("('" ~ mapping.name ~ "', [" ~ text_list(mapping.files) ~ "], '" ~ mapping.fingerprint ~ "')") -%}
    {%- endfor -%}
    {%- set now = "(values " ~ (rows or ["(null, cast([] as varchar[]), null)"]) | join(", ") ~ ") as now (mapping, files, fingerprint)" -%}
    {#- One that is gone has no fingerprint any more, and the files that it had. -#}
    {%- set changed -%}
        select
            coalesce(now.mapping, before.mapping) as mapping,
            coalesce(now.files, before.files) as files,
            now.fingerprint
        from (select * from {{ now }} where mapping is not null) as now
        full join (
            select
                mapping,
                max_by(files, noted_at) as files,
                arg_max_null(fingerprint, noted_at) as fingerprint
            from {{ source('ledger', 'mapping_changes') }}
            where feed = '{{ feed }}'
            group by mapping
        ) as before
            on now.mapping = before.mapping
        where (now.files, now.fingerprint) is distinct from (before.files, before.fingerprint)
            and (now.fingerprint is not null or before.fingerprint is not null)
    {%- endset -%}
    {%- if not run_query(changed) -%}{%- do return('') -%}{%- endif -%}
    insert into {{ source('ledger', 'mapping_changes') }} by name
    select
        '{{ feed }}' as feed,
        *,
        {{ current_batch_id() }} as batch_id,
        cast('{{ modules.datetime.datetime.utcnow() }}' as timestamp) as noted_at
    from ({{ changed }})
{% endmacro %}
