"""A tree kept on one page: search, open to the match, add below, edit, delete; the chosen node stands beside it.

class SpecialityTreeView(TreeScreen):
    access, route_base, title = …
    def nodes(self, session): …            # in the order they are drawn
    def chosen(self, session, key): …      # what the page says of one node
    def kept(self, key): …                 # the row behind it

The page carries its nodes as compact JSON and static/js/tree.js draws the rows in view, so that thousands may stand
open. A node is chosen by its address and a search stands in it, so that a colleague can be sent the link.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.core.errors import Refusal
from app.core.scope import Actor
from app.core.search import found_in
from app.web import export, filters, history
from app.web.cautions import Caution
from app.web.forms import Form, attempt
from app.web.history import Words
from app.web.identity import command, current_actor, read
from app.web.lists import Column
from app.web.stamps import Stamp, columns
from app.web.widgets import typed_keyword

KEY_LENGTH = 20


@dataclass(frozen=True)
class Node:
    """One row of the tree; it hangs below the last row before it of a smaller depth."""

    key: str
    depth: int
    text: str
    note: str = ""
    pinyin: str = ""

    def found_by(self, text: str) -> bool:
        """What a keyword finds, as in a search field; the note is the code."""
        return found_in(text, name=self.text, initials=self.pinyin, code=self.note)


@dataclass(frozen=True)
class Chosen:
    """What the page says of the chosen node: the words above it (`path`), its facts, what may be done with it.

    `fixed` says why it can be neither changed nor deleted, where that is so.
    """

    key: str
    text: str
    path: Sequence[str] = ()
    facts: Sequence[tuple[str, Any]] = ()
    grows: bool = True
    fixed: str = ""
    history: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class TreeScreen(BaseView):
    """A tree and its chosen node. Everybody let in may look; who keeps it is said by `keeps`."""

    default_view = "list"
    title: ClassVar[str]
    intro: ClassVar[str] = ""
    below: ClassVar[str]
    """What 【新增】 adds: 专业, 职称."""
    columns: ClassVar[Sequence[Column]]
    words: ClassVar[Words]
    edited: ClassVar[Sequence[str]]
    """The columns that a node's form changes."""
    forms: ClassVar[tuple[type[Form], type[Form]]]
    """The form of a node, and of what is to hang below it."""
    looked_at: ClassVar[str]
    """Why somebody who may look may not change."""

    # What a screen declares -------------------------------------------------------------------------------

    def keeps(self, actor: Actor) -> bool:
        """Whether the actor may add, change and delete; the services ask again."""
        raise NotImplementedError

    def nodes(self, session: Session) -> Iterable[Node]:
        """Every node in drawing order."""
        raise NotImplementedError

    def chosen(self, session: Session, key: str) -> Chosen | None:
        raise NotImplementedError

    def kept(self, key: str) -> tuple[type[Any], int] | None:
        """(class, id) of the row behind a node that has one of its own."""
        raise NotImplementedError

    def form(self, session: Session, key: str, *, new: bool) -> Form:
        """One of `forms`, bound to the request."""
        raise NotImplementedError

    def add(self, session: Session, key: str, form: Any) -> str:
        """Add below `key`; the new node's key."""
        raise NotImplementedError

    def change(self, session: Session, key: str, form: Any) -> None:
        raise NotImplementedError

    def remove(self, session: Session, key: str) -> str:
        """Delete; the key of the node it hung below."""
        raise NotImplementedError

    def rows(self, session: Session, keys: Sequence[str]) -> Iterable[Any]:
        """What `columns` are taken from, of these nodes, in their order: the rows of 【导出查询结果】."""
        raise NotImplementedError

    def warnings(self, key: str) -> Sequence[Caution]:
        """What adding below a node would do to others, said on the form."""
        del key
        return ()

    # Routes -------------------------------------------------------------------------------------------------

    @expose("/")
    def list(self) -> ResponseReturnValue:
        return self._page(None)

    @expose("/node/<node_key>")
    def show(self, node_key: str) -> ResponseReturnValue:
        """The tree with a node chosen; `?part=panel`: that node alone, for the script."""
        chosen = self._chosen(node_key)
        editable = not chosen.fixed and self.keeps(current_actor())
        form = self.form(read(), node_key, new=False) if editable else None
        return self._page(chosen, form=form, stamp=self._stamp(node_key) if editable else None)

    @expose("/node/<node_key>/save", methods=["GET", "POST"])
    def save(self, node_key: str) -> ResponseReturnValue:
        """【保存】; the address of a refused form, opened again, is the node's."""
        self._keeper()
        if request.method == "GET":
            return redirect(self._at(node_key))
        chosen = self._found(node_key)
        if chosen is None:
            return self._gone(node_key, self.forms[0]())
        if chosen.fixed:
            return self._stays(chosen)
        form, stamp = self.form(read(), node_key, new=False), self._stamp(node_key)

        def work() -> None:
            with command() as session:
                stamp.check(session, form.data)
                self.change(session, node_key, form)

        if attempt(form, work):
            flash(f"“{self._chosen(node_key).text}”已保存。", "success")
            return redirect(self._at(node_key))
        return self._page(chosen, form=form, stamp=stamp), 422

    @expose("/node/<node_key>/new", methods=["GET", "POST"])
    def new(self, node_key: str) -> ResponseReturnValue:
        """【新增】 below the chosen node."""
        self._keeper()
        chosen = self._found(node_key)
        if chosen is None:
            return self._gone(node_key, self.forms[1]())
        if not chosen.grows:
            abort(404)
        form = self.form(read(), node_key, new=True)
        made: Sequence[str] = ()

        def work() -> None:
            nonlocal made
            with command() as session:
                made = [self.add(session, node_key, form)]

        if attempt(form, work):
            flash(f"已在“{chosen.text}”下新增{self.below}。", "success")
            return redirect(self._at(made[0]))
        return self._page(chosen, form=form, adding=True), 422 if form.errors else 200

    @expose("/node/<node_key>/delete", methods=["POST"])
    def delete(self, node_key: str) -> ResponseReturnValue:
        """【删除栏目】."""
        self._keeper()
        chosen = self._found(node_key)
        if chosen is None:
            return self._gone(node_key, None)
        if chosen.fixed:
            return self._stays(chosen)
        stamp = self._stamp(node_key)
        try:
            with command() as session:
                stamp.check(session)
                above = self.remove(session, node_key)
        except Refusal as refusal:
            flash(refusal.reason, "danger")
            return redirect(self._at(node_key))
        flash(f"“{chosen.text}”已删除。", "success")
        return redirect(self._at(above))

    @expose("/export")
    def export(self) -> ResponseReturnValue:
        """【导出查询结果】: the nodes that the page's search finds, all without a keyword."""
        session, text = read(), typed_keyword()
        keys = [node.key for node in self.nodes(session) if not text or node.found_by(text)]
        asked = f"关键字：{text}" if text else ""
        return export.download(self.rows(session, keys), self.columns, title=self.title, conditions=asked)

    # Inside -------------------------------------------------------------------------------------------------

    def _found(self, key: str) -> Chosen | None:
        return self.chosen(read(), key) if len(key) <= KEY_LENGTH else None

    def _chosen(self, key: str) -> Chosen:
        return self._found(key) or abort(404)

    def _at(self, key: str) -> str:
        """The address of a node, the search kept."""
        return url_for(f"{self.endpoint}.show", node_key=key, q=typed_keyword() or None)

    def _stamp(self, key: str) -> Stamp:
        model, number = self.kept(key) or abort(404)
        return Stamp(read().get_one(model, number), columns(self.edited), self.words)

    def _gone(self, key: str, form: Form | None) -> ResponseReturnValue:
        """The node was deleted while somebody had it open: who did it, and what was typed; 404 if there never was one."""
        kept = self.kept(key) if len(key) <= KEY_LENGTH else None
        subject = (kept[0].__tablename__, kept[1]) if kept else None
        last = history.steps(read(), subject, words=self.words)[:1] if subject else []
        if not last:
            abort(404)
        gone = f"这个节点已由{last[0]['who']}于 {filters.exact(last[0]['when'])} {last[0]['title']}。"
        if form is None or request.method == "GET":
            flash(gone, "warning")
            return redirect(url_for(f"{self.endpoint}.list", q=typed_keyword() or None))
        return self._page(None, form=form, gone=f"{gone}没有保存，您填写的内容还在下面。"), 409

    def _keeper(self) -> None:
        if not self.keeps(current_actor()):
            abort(403)

    def _stays(self, chosen: Chosen) -> ResponseReturnValue:
        flash(chosen.fixed, "danger")
        return redirect(self._at(chosen.key))

    def _page(self, chosen: Chosen | None, *, form: Form | None = None, adding: bool = False, **more: Any) -> str:
        """`more`: the stamp of a node's form, or that the node is gone."""
        part = request.args.get("part") == "panel"
        return str(
            self.render_template(
                "screens/_tree_panel.html" if part else "screens/tree.html",
                screen=self,
                title=self.title,
                chosen=chosen,
                form=form,
                adding=adding,
                keeping=self.keeps(current_actor()),
                data=None if part else self._data(),
                **more,
            )
        )

    def _data(self) -> Markup:
        """The nodes for the script, in a block of data that no markup can end."""
        rows = [(node.key, node.depth, node.text, node.note, node.pinyin) for node in self.nodes(read())]
        return Markup(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))
