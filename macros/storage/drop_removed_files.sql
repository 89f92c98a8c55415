{% macro drop_removed_files() %}
    delete from {{ this }}
    where data_file_id not in (select data_file_id from {{ ref('lakehouse_files') }})
{% endmacro %}
