"""P2 and P3 职称申报: what the applicant does, on a desk or a phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose

from app.accounts.queries import bar_of
from app.applications import queries, rules, services
from app.applications.enums import WITH_APPLICANT, ApplicationAction, ApplicationState, Section
from app.applications.forms import HeadForm, MaterialForm, section_form
from app.applications.models import Application, ApplicationMaterial
from app.applications.views.common import facts_of, sections_of, trail
from app.applications.workflow import APPLICATION
from app.approval_paths.queries import explain_break, final_bodies_for, reach
from app.bodies.queries import guideline_of
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Title
from app.catalog.queries import all_series, specialities_of, titles_of
from app.committees.queries import open_batches
from app.core import clock
from app.core.enums import Role
from app.core.errors import Invalid, NotFound, Refusal
from app.web.access import only
from app.web.files import send_stored
from app.web.filters import day
from app.web.forms import attempt, choices_of
from app.web.identity import command, current_actor, read
from app.web.lists import Button


def _barred() -> str:
    return bar_of(read(), current_actor().person_id or 0, clock.today())


class ApplicationView(BaseView):
    """职称申报."""

    route_base = "/p2"
    access = only(Role.APPLICANT)
    default_view = "list"

    @expose("/")
    def list(self) -> ResponseReturnValue:
        rows = read().scalars(queries.mine(current_actor().person_id or 0).limit(50)).all()
        return self.render_template("applications/mine.html", title="职称申报", rows=rows, barred=_barred())

    # -- the head ----------------------------------------------------------------------------------------------

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        return self._head(None)

    @expose("/<int:pk>/head", methods=["GET", "POST"])
    def head(self, pk: int) -> ResponseReturnValue:
        return self._head(self._mine(pk))

    def _head(self, application: Application | None) -> ResponseReturnValue:
        form = HeadForm(obj=application)
        gap = self._offer(form)
        saved: dict[str, int] = {}

        def save() -> None:
            values: dict[str, Any] = {
                name: form[name].data
                for name in (
                    "employer_id",
                    "method",
                    "series_id",
                    "level",
                    "title_id",
                    "speciality_id",
                    "final_body_id",
                )
            }
            values["year"] = application.year if application else clock.today().year
            with command() as session:
                saved["id"] = services.save_draft(
                    session,
                    actor=current_actor(),
                    values=values,
                    application_id=application.id if application else None,
                ).id

        # a change of a select only asks for what may be chosen next: nothing is saved and nothing typed is lost
        if request.form.get("step") == "refresh":
            for field in form:
                field.errors = []
        elif attempt(form, save):
            flash("已暂存申报信息，请继续上传申报材料、填写各项信息。", "success")
            return redirect(url_for("ApplicationView.show", pk=saved["id"]))
        return self.render_template(
            "applications/head.html",
            title="职称申报信息",
            form=form,
            gap=gap,
            barred=_barred(),
            guidelines=_guidelines(form),
            back=url_for("ApplicationView.show", pk=application.id) if application else url_for("ApplicationView.list"),
        ), 422 if form.errors else 200

    def _offer(self, form: HeadForm) -> str:
        """Fill the selects from what has been chosen so far; answers why no final body can be offered."""
        session = read()
        form.series_id.choices = choices_of([(s.id, s.name) for s in all_series(session)])
        series_id, level, method = form.series_id.data, form.level.data, form.method.data
        titles = titles_of(session, series_id, level) if series_id and isinstance(level, TitleLevel) else []
        form.title_id.choices = choices_of([(t.id, _title(t)) for t in titles])
        specialities = specialities_of(session, series_id) if series_id else []
        form.speciality_id.choices = choices_of([(s.id, s.name) for s in specialities])
        form.final_body_id.choices = choices_of([])
        known = all(
            (
                form.employer_id.data,
                isinstance(method, AcquisitionMethod),
                isinstance(level, TitleLevel),
                form.speciality_id.data,
            )
        )
        if not known or form.speciality_id.data not in {s.id for s in specialities}:
            return ""
        wanted = {
            "employer_id": form.employer_id.data,
            "method": method,
            "level": level,
            "series_id": series_id,
            "speciality_id": form.speciality_id.data,
        }
        finals = final_bodies_for(session, **wanted)
        closed: set[int] = set()
        if method is AcquisitionMethod.REVIEW:
            at = (level, form.speciality_id.data, clock.today())
            closed = {node.body_id for node in finals if not open_batches(session, node.body_id, *at)}
        form.final_body_id.choices = choices_of(
            [
                (n.body_id, f"{n.name}（目前没有接收该专业的年度批次）" if n.body_id in closed else n.name)
                for n in finals
            ]
        )
        if len(finals) == 1 and not form.final_body_id.data:
            form.final_body_id.data = finals[0].body_id
        return "" if finals else explain_break(reach(session, **wanted))

    # -- the dossier -------------------------------------------------------------------------------------------

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        application = self._mine(pk)
        editable = application.state in WITH_APPLICANT
        facts = services.submission_facts(read(), application) if editable else None
        return self.render_template(
            "applications/show.html",
            title=f"{application.year} 年度职称申报",
            application=application,
            state=application.state,
            facts=facts_of(application),
            sections=sections_of(application),
            editable=editable,
            checklist=_checklist(application),
            gaps=facts,
            required=services.required_sections(application),
            eligibility=services.eligibility_of(read(), application) if editable else None,
            steps=trail(application, for_applicant=True),
            back=url_for("ApplicationView.list"),
            asked=_asked(application),
            withdrawable=_withdrawable(application),
            buttons=self._certificate(application),
            guideline=guideline_of(read(), application.final_body_id, application.method, application.level),
        )

    def _certificate(self, application: Application) -> tuple[Button, ...]:
        if application.state is ApplicationState.CERTIFIED:
            return (Button("查看证书", url_for("MyCertificateView.list"), tone="primary"),)
        return ()

    @expose("/<int:pk>/<section_name>", methods=["GET", "POST"])
    def section(self, pk: int, section_name: str) -> ResponseReturnValue:
        application = self._mine(pk)
        section = next((s for s in Section if s.value == section_name), None)
        if section is None:
            abort(404)
        if application.state not in WITH_APPLICANT:
            flash(f"申报已是“{application.state.label}”，不能再修改。", "warning")
            return redirect(url_for("ApplicationView.show", pk=pk))
        schema = rules.SECTIONS[section]
        records: list[Mapping[str, Any]] = list(queries.records_by_section(application)[section])
        errors: dict[str, str] = {}
        general = ""
        if request.method == "POST":
            records = _posted(section)
            try:
                with command() as session:
                    services.save_section(
                        session, actor=current_actor(), application_id=pk, section=section, records=records
                    )
                flash(f"“{section.label}”已保存。", "success")
                return redirect(_after(pk, section))
            except Invalid as invalid:
                errors = invalid.fields
                general = errors.pop("records", "")
            except Refusal as refusal:
                general = refusal.reason
        entries = []
        for index, record in enumerate(records or [{}]):
            form = section_form(section)(None, data=dict(record), prefix=f"{index}-")
            for field in form:
                if message := errors.get(f"{index}-{field.short_name}"):
                    field.errors = [message]
            entries.append(form)
        blank = section_form(section)(None, prefix="__n__-") if schema.many else None
        order = list(Section)
        return self.render_template(
            "applications/section.html",
            title=section.label,
            section=section,
            entries=entries,
            blank=blank,
            application=application,
            general=general,
            wrong=bool(errors or general),
            optional=section not in services.required_sections(application),
            place=order.index(section) + 1,
            places=len(order),
            back=url_for("ApplicationView.show", pk=pk),
        ), 422 if errors or general else 200

    # -- materials ---------------------------------------------------------------------------------------------

    @expose("/<int:pk>/material/<int:requirement_id>", methods=["POST"])
    def upload(self, pk: int, requirement_id: int) -> ResponseReturnValue:
        self._mine(pk)
        form = MaterialForm()

        def save() -> None:
            with command() as session:
                services.attach_material(
                    session,
                    actor=current_actor(),
                    application_id=pk,
                    requirement_id=requirement_id,
                    name=form.file.data.filename or "",
                    content=form.file.data.read(),
                )

        if attempt(form, save):
            flash("已上传。", "success")
        else:
            for message in [*form.file.errors, *form.form_errors]:
                flash(str(message), "danger")
        return redirect(url_for("ApplicationView.show", pk=pk) + "#materials")

    @expose("/<int:pk>/reuse/<int:material_id>", methods=["POST"])
    def reuse(self, pk: int, material_id: int) -> ResponseReturnValue:
        self._mine(pk)
        try:
            with command() as session:
                services.reuse_material(session, actor=current_actor(), application_id=pk, material_id=material_id)
            flash("已沿用以前上传的材料。", "success")
        except NotFound:
            flash("这份材料已不能沿用，请重新上传。", "warning")
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(url_for("ApplicationView.show", pk=pk) + "#materials")

    @expose("/material/<int:pk>/remove", methods=["POST"])
    def remove(self, pk: int) -> ResponseReturnValue:
        material = read().get(ApplicationMaterial, pk)
        if material is None:
            abort(404)
        application_id = material.application_id
        with command() as session:
            services.remove_material(session, actor=current_actor(), material_id=pk)
        flash("已移除。", "success")
        return redirect(url_for("ApplicationView.show", pk=application_id) + "#materials")

    @expose("/material/<int:pk>")
    def file(self, pk: int) -> ResponseReturnValue:
        material = read().get(ApplicationMaterial, pk)
        if material is None:
            abort(404)
        return send_stored(material, inline=True)

    # -- handing in and taking back ----------------------------------------------------------------------------

    @expose("/<int:pk>/submit", methods=["POST"])
    def submit(self, pk: int) -> ResponseReturnValue:
        try:
            with command() as session:
                services.submit(session, actor=current_actor(), application_id=pk)
            flash("申报成功，已提交到所在单位。您可以在这里随时查看进度。", "success")
        except NotFound:
            raise
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(url_for("ApplicationView.show", pk=pk))

    @expose("/<int:pk>/withdraw", methods=["POST"])
    def withdraw(self, pk: int) -> ResponseReturnValue:
        with command() as session:
            services.withdraw(session, actor=current_actor(), application_id=pk)
        flash("已撤回申报。", "success")
        return redirect(url_for("ApplicationView.show", pk=pk))

    def _mine(self, pk: int) -> Application:
        application = queries.dossier(read(), pk)
        if application is None:
            abort(404)
        return application


def _guidelines(form: HeadForm) -> list[tuple[str, str]]:
    """(name, 申报须知) of the final bodies that are offered, or of the one that is chosen."""
    method, level, chosen = form.method.data, form.level.data, form.final_body_id.data
    if not isinstance(method, AcquisitionMethod) or not isinstance(level, TitleLevel):
        return []
    offered = [(one.value, one.label) for one in form.final_body_id.choices if one.value]
    wanted = [(key, name) for key, name in offered if chosen in (None, key)]
    found = ((name, guideline_of(read(), key, method, level)) for key, name in wanted)
    return [(name, text) for name, text in found if text]


def _title(title: Title) -> str:
    return f"{title.name}（{title.branch}）" if title.branch else title.name


def _checklist(application: Application) -> list[dict[str, Any]]:
    held: dict[int, list[ApplicationMaterial]] = {}
    for material in application.materials:
        held.setdefault(material.requirement_id, []).append(material)
    requirements = services.checklist(read(), application)
    known = queries.materials_on_file(read(), application, [requirement.id for requirement in requirements])
    newest = {material.requirement_id: material for material in reversed(known)}
    return [
        {
            "requirement": requirement,
            "files": held.get(requirement.id, []),
            "reuse": _reuse(application, newest.get(requirement.id)) if requirement.id not in held else None,
        }
        for requirement in requirements
    ]


def _reuse(application: Application, material: ApplicationMaterial | None) -> dict[str, str] | None:
    """What is on file is offered again, not asked for (Order No. 40, art. 13)."""
    if material is None:
        return None
    return {
        "url": url_for("ApplicationView.reuse", pk=application.id, material_id=material.id),
        "name": material.file_name,
        "day": day(material.uploaded_at),
    }


def _asked(application: Application) -> str:
    """What the last return asked for, while it is being mended."""
    if application.state is not ApplicationState.CORRECTING:
        return ""
    told = trail(application, for_applicant=True)[0]
    return f"{told['who']}：{told['text']}"


def _withdrawable(application: Application) -> bool:
    return ApplicationAction.WITHDRAW in APPLICATION.actions(application.state)


def _posted(section: Section) -> list[Mapping[str, Any]]:
    """The entries as typed, in order; entries left wholly empty are no entries."""
    names = [field.name for field in rules.SECTIONS[section].fields]
    places: dict[int, dict[str, str]] = {}
    for key, value in request.form.items():
        place, _, name = key.partition("-")
        if place.isascii() and place.isdigit() and len(place) < 4 and name in names:
            places.setdefault(int(place), {})[name] = value
    rows = [places[place] for place in sorted(places)]
    return [row for row in rows if any(value.strip() for value in row.values())]


def _after(pk: int, section: Section) -> str:
    """【下一步】 goes on to the next section; 【保存】 goes back to the whole."""
    order = list(Section)
    place = order.index(section) + 1
    if request.form.get("go") == "next" and place < len(order):
        return url_for("ApplicationView.section", pk=pk, section_name=order[place].value)
    return url_for("ApplicationView.show", pk=pk)
