{% macro column_differences(query, other, name_of_other) %}
    {%- set added, dropped, changed = [], [], [] -%}
    {%- for column, type in query.items() -%}
        {%- if column not in other -%}
            {%- do added.append(column ~ " " ~ type) -%}
        {%- elif other[column] != type -%}
            {%- do changed.append(column ~ " from " ~ other[column] ~ " to " ~ type) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for column, type in other.items() if column not in query -%}
        {%- do dropped.append(column ~ " " ~ type) -%}
    {%- endfor -%}
    {%- do return(
        "Against the " ~ name_of_other ~ ", the query has: " ~ [
            "added " ~ added | join(", ") if added,
            "dropped " ~ dropped | join(", ") if dropped,
            "changed " ~ changed | join(", ") if changed,
        ] | select | join("; ") ~ "."
    ) -%}
{% endmacro %}
