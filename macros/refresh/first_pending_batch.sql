{% macro first_pending_batch(upstreams) %}
    {#- The oldest batch that the upstreams wrote since this model last read them; none if they
        wrote nothing. -#}
    {%- set pending = pending_batches().get(model.name, {}) -%}
    {%- set found = [] -%}
    {%- for upstream in ([upstreams] if upstreams is string else upstreams) -%}
        {%- for name in logged_upstreams(upstream) if name in pending -%}
            {%- do found.append(pending[name]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(found | min if found else none) -%}
{% endmacro %}
