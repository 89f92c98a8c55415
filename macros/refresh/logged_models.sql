{% macro logged_models() %}
    {%- if 'logged_models' not in graph -%}
        {%- set models = {} -%}
        {%- for row in run_query(
            "select model, max(batch_id), max_by(first_batch_id, batch_id), max_by(seed_checksum, batch_id),"
            ~ " min(first_batch_id) filter (batch_id > (select coalesce(max(batch_id), 0) from "
            ~ source('ledger', 'publications') ~ ")) from " ~ source('ledger', 'refresh_log') ~ " group by model"
        ).rows -%}
            {%- do models.update({row[0]: {
                'batch_id': row[1] | int, 'first_batch_id': row[2] | int, 'seed_checksum': row[3],
                'first_unpublished_batch_id': none if row[4] is none else row[4] | int
            }}) -%}
        {%- endfor -%}
        {%- do graph.update({'logged_models': models}) -%}
    {%- endif -%}
    {%- do return(graph.logged_models) -%}
{% endmacro %}
