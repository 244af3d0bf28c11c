"""A small documentation of the test's own, in the form in which Kafka's classes print theirs."""

SETTINGS_HTML = """<ul class="config-list">
<li>
<h4><a id="safety"></a><a id="producerconfigs_safety" href="#producerconfigs_safety">safety</a></h4>
<p>How safe a write is.  It has two levels: <ul> <li><code>safety=low</code> The writer does not
wait for a copy. A copy may be lost. <li><code>safety=high</code> The writer waits for every copy
(e.g. three of them). Nothing is lost &amp; nothing is <em>guessed</em>.</ul><p>Note that this needs
<code>copies.min</code> to be above 1.</p>
<table><tbody>
<tr><th>Type:</th><td>string</td></tr>
<tr><th>Default:</th><td>high</td></tr>
<tr><th>Valid Values:</th><td>[low, high]</td></tr>
<tr><th>Importance:</th><td>low</td></tr>
</tbody></table>
</li>
<li>
<h4><a id="keep.ms"></a><a id="topicconfigs_keep.ms" href="#topicconfigs_keep.ms">keep.ms</a></h4>
<p>How long a record is kept before it is removed.<br>A value of -1 keeps it for ever.</p>
<table><tbody>
<tr><th>Type:</th><td>long</td></tr>
<tr><th>Default:</th><td></td></tr>
<tr><th>Importance:</th><td>high</td></tr>
</tbody></table>
</li>
</ul>
"""

SAME_ELSEWHERE_HTML = SETTINGS_HTML.replace("producerconfigs_", "consumerconfigs_")

ERRORS_HTML = """<table class="data-table"><tbody>
<tr><th>Error</th>
<th>Code</th>
<th>Retriable</th>
<th>Description</th>
</tr>
<tr><td>NONE</td><td>0</td><td>False</td><td></td></tr>
<tr><td>COPY_LOST</td><td>7</td><td>True</td><td>A copy was lost before
the write was safe.</td></tr>
</tbody></table>
"""
