"""What words mean: each meaning with its words in English, German and Afrikaans, folded. Longer phrases win.

Read from top to bottom; a word stands in one place of a language. What a biller calls a thing comes first.
"""

from __future__ import annotations

# Words that ask, point or connect, and change nothing about what is asked.
FILLERS = frozenset(
    """
    a geld again sitting reflect time fix fall falls internet theyre whats there out back about account accounts log
    logged
    become became going off go goes date money must n m kommt wise
    actually all amount amounts an and any anything are as at
    be been being by can could
    currently did do does
    doing ever every everything exactly far figure find for from get give given got had has have he her him his how i
    if in
    information into is it its itself just know list me much my need now of on our out over per please question really
    regarding see she should show so some still tell that the their them themselves then there these they thing things
    this those to
    today total totals up us was we were what whats when where which will with would yet you your yes ok okay hi hello
    thanks kindly also let lets been whose whom make made making many number quick quickly right sum summary details
    detail
    client user person one right it's they're they've who's what's how's
    aber alle alles als am an auf aus bei beim bitte da dann das dass dein dem den der des die dies diese dieser
    dieses dir du ein
    eine einem einen einer eines er es etwa fuer fur gab gerade gibt hat hatte haben ich ihm ihn ihnen ihr ihre ihrem
    ihren im in insgesamt ist
    ja je jetzt kann koennen konnen man mal mir mit nach noch nun ob oder schon sehr sein seine seinem seit sich sie
    sind so soll und uns unser
    unsere vom von vor wann war waren was welche welchem welchen welcher welches wem wen wer werden wie wieviel viel
    viele wir wird wo
    worden wurde wurden zeig zeige zu zum zur zurzeit
    al asb asseblief by dat deur dit ek en enige gee gehad het hoe hoeveel hom hul hulle hy in is jou kan kry maak
    meer men met my na nog nou
    of om ons ook oor op sal se sien sy tans te toe tot uit van vir vandag voor waar wanneer was wat watter weet welke
    wie word wys
    """.split()
)

_MEANINGS = """
ask        : how_high how_much how_many wie_hoch wie_viel hoe_hoog
owe        : up_to_date debtors_total total_debtors owe owes owed owing balance outstanding indebted due standing debt
             debts |
             schulden schuldet schuldig
             saldo kontostand aussenstand ausstehend ausstande forderungen offener_betrag offen_betrag | skuld skuldig
             verskuldig saldo uitstaande balans
overdue    : breached breach sla overdue late arrears past_due behind delinquent | uberfallig ueberfallig ruckstand
             rueckstand verzug
             verspatet | agterstallig laat
pay        : eft came_in money_came_in comes_in pay pays paid paying payment payments receipt receipts money_in
             money_received received settle settled
             deposit deposits | zahlen zahlt zahlte gezahlt bezahlt bezahlen zahlung zahlungen zahlungseingang eingang
              eingegangen | betaal betaling betalings ontvang kwitansie
method     : method how_do_they_pay how_does_he_pay how_does_she_pay how_are_they_paying pay_by way_to_pay
             means_of_payment payment_method | zahlungsart zahlungsweise zahlungsmethode | betaalmetode betaalwyse
debit      : debit_order debit_orders direct_debit debit_run mandate mandates | lastschrift lastschriften
             lastschriftmandat mandat | debietorder debietorders mandaat
last       : last latest newest most_recent recent recently lately previous | letzte letzten letzter letztes letztem
             zuletzt neueste jungste | laaste laas verlede mees_onlangse jongste
first      : first earliest | erste ersten erster erstmals | eerste
why        : why reason reasons how_come explain | warum wieso weshalb grund | hoekom waarom rede
who        : who | wer | wie_het wie_is
high       : high higher so_much bigger expensive increase increased jump jumped went_up gone_up | hoch hoeher hoher
             teuer gestiegen so_viel | hoog hoer duur so_baie soveel gestyg
invoice    : invoice invoices bill bills billing | rechnung rechnungen | faktuur fakture rekening rekeninge
billed     : billed invoiced charged bill_for charge_for charges charge | berechnet abgerechnet fakturiert
             in_rechnung_gestellt | gefaktureer gehef gevra
next       : next upcoming following | nachste nachsten nachster nachstes naechste naechsten naechster kommende |
             volgende komende
credit     : credit credits unallocated prepaid prepayment account_credit on_account in_credit overpaid | guthaben |
             krediet
creditnote : credit_note credit_notes credited credit_memo credit_memos crediting gave_back | gutschrift gutschriften
             gutgeschrieben | kredietnota kredietnotas gekrediteer
limit      : credit_limit limit | kreditlimit kreditrahmen limit | kredietlimiet limiet
hold       : credit_hold hold on_hold credit_holds | kreditsperre gesperrt_kredit | kredietstop
dispute    : dispute disputes disputed disputing contested query queried | strittig bestritten reklamation reklamiert
             streit | betwis dispuut dispute betwiste
age        : age_analysis ageing aging aged age how_old old older bucket buckets | altersanalyse alter alt
             altersstruktur | ouderdomsanalise ouderdom oud ouer
oldest     : oldest longest | alteste aelteste alteste_offene | oudste
lifetime   : lifetime_value lifetime ltv worth altogether all_time | kundenwert gesamtumsatz | leeftydwaarde
daystopay  : days_do_they_take days_does_it_take days_to_pay take_to_pay takes_to_pay average_days pays_in dso
             how_quickly how_fast_do_they_pay
             how_long_do_they_take pay_on_time | zahlungsdauer puenktlich punktlich | dae_om_te_betaal
bounce     : fail fails failed bounce bounced bounces reversed reversal returned dishonoured chargeback | geplatzt
             rucklastschrift
             ruecklastschrift zuruckgegeben | teruggekeer geweier
refund     : refund refunds refunded money_back paid_back | erstattung erstattungen erstattet ruckzahlung |
             terugbetaling terugbetalings terugbetaal
writeoff   : write-off write-offs write_off write_offs written_off wrote_off bad_debt bad_debts | abgeschrieben
             abschreibung abschreibungen
             | afgeskryf afskrywing afskrywings
terms      : payment_terms terms net_days days_do_they_have | zahlungsziel zahlungsbedingungen | betaaltermyn terme
card       : card_on_file credit_card_on_file card_saved card_is_saved card cards credit_card visa mastercard
             saved_card | karte karten
             kreditkarte | kaart kaarte kredietkaart
expire     : valid expire expires expiring expiry runs_out run_out running_out | lauft lauft_ab ablaufen ablauf
             auslaufen |
             verval
             vervaldatum
statement  : statement statements statement_of_account | kontoauszug auszug auszuge | staat state rekeningstaat
open       : open unpaid unsettled outstanding_invoices | offen offene offenen unbezahlt unbezahlte unbezahlten | oop
             onbetaal onbetaalde
draft      : draft drafts draft_waiting | entwurf entwurfe | konsep konsepte
recurring  : recur recurs recurring recurring_invoice recurring_invoices repeat repeating | wiederkehrend
             wiederkehrende |
             herhalende
service    : service services package packages plan plans product products subscription subscriptions subscribed
             subscribe | dienst dienste leistung leistungen paket pakete produkt produkte tarif tarife abo abos
             vertragspaket | diens dienste pakket pakkette produk produkte intekening
monthly    : monthly a_month per_month each_month every_month month_on_month | monatlich im_monat pro_monat
             jeden_monat | maandeliks per_maand elke_maand n_maand
upgrade    : upgrade upgrades faster bigger_package higher_package next_package move_up downgrade cheaper | upgrade
             aufrusten schneller hoheres_paket wechsel wechseln | opgradeer opgradering vinniger
cost       : cost costs price prices pricing | kosten kostet preis preise | kos prys pryse
contract   : contract contracts tied commitment locked_in | vertrag vertrage vertragsende mindestlaufzeit | kontrak
             kontrakte
end        : end ends ended ending finish finishes over_on  stop stops leave left   
             churn churned lost lose leaving | endet ende beendet     verloren |
             eindig einde  verloor
cancel     : cancel cancels cancelled cancelling cancelled_on | kuendigt gekundigt gekuendigt kundigung | gekanselleer
             kanselleer
reconnect  : switched_back_on switched_on_again reconnected reconnect switch_on | wieder_eingeschaltet | heraansluit
start      : sign become_a_customer became_a_customer customer_since start starts started begin began join joined
             joining
             signed_up sign_up new won win gained
             | beginn begann
             angefangen angemeldet neu neue neuen gewonnen | begin aangesluit nuwe gewen
customer   : customer account_holder | kunde kunden_konto | klient klant
customers  : customers clients everyone everybody anyone anybody who_all people subscribers debtors accounts_that
             accounts_with all_accounts | kunden alle_kunden jeder debitoren | kliente klante almal debiteure
change     : audit_trail change changes changed changing happened happen happens modified edited edit updated update
             audit
             activity history | geandert geaendert anderung anderungen passiert geschehen verlauf | verander
             verandering veranderings gebeur gewysig geskiedenis
planned    : planned scheduled schedule pending coming_up coming going_to_happen plan_to | geplant anstehend ansteht
             steht_an | beplan geskeduleer
agreement  : in_force agreement agreements | vereinbarung vereinbarungen | ooreenkoms ooreenkomste
usage      : usage used use uses using consumption consumed | 
             verbrauch verbraucht nutzung genutzt | verbruik gebruik
data       : data gb gigs gig gigabyte gigabytes traffic downloaded bandwidth | daten datenvolumen | dataverbruik
never      : never ever | niemals jemals | nooit ooit
sms        : sms text_message text_messages | | teksboodskap
expired    : expired | abgelaufen | verstreke
phonecall  : calls_to phone_usage minutes voice talk_time call_charges phone_calls mobiles landlines
             telephone_usage | gesprache minuten telefonate telefoniert | oproepe_na minute belminute
session    : session sessions | sitzung sitzungen | sessie sessies
usagerecord: usage_records call_records | nutzungssatze | gebruikrekords
suspended  : suspended suspend suspends suspension suspensions cut_off disconnected blocked switched_off
             offline_for_nonpayment service_off | gesperrt sperre sperrung sperren abgeschaltet abgeklemmt | opgeskort
             opskort opskorting afgesny geblokkeer
online     : dead down is_down is_the_line_up since_when_online line_working offline online on_line line_up connected
             connection
             line_down is_the_line up_and_running internet_working |
             online verbunden verbindung leitung | aanlyn verbind lyn
speed      : speed fast mbps how_fast megabit | geschwindigkeit bandbreite schnell | spoed vinnig
excluded   : excluded exclusion exempt never_suspend not_suspended | ausgenommen ausnahme | uitgesluit
promise    : promise promises promised promising arrangement arrangements plan_to_pay payment_plan payment_plans |
             versprechen versprochen zahlungszusage zusage zusagen ratenplan | belofte beloftes belowe beloof reeling
keep       : keep keeps kept honour honoured | eingehalten gehalten halt | nagekom hou gehou
broken     : broken broke break failed_promise did_not_pay | gebrochen nicht_gehalten | gebreek verbreek
phoned     : phoned phone_him phoned_him talk call calls called say says said speak spoke spoken spoken_to ring rang
             contact_made talked
             conversation |
             anruf anrufe angerufen gesagt sagte sprach gesprochen gesprach | oproep oproepe gebel gese praat gepraat
letter     : letter letters reminder reminders dunning demand demands final_notice chased | mahnung mahnungen gemahnt
             brief briefe zahlungserinnerung | brief briewe aanmaning aanmanings herinnering herinnerings
message    : message messages mail mails notification notifications correspondence wrote write | nachricht
             nachrichten geschrieben | boodskap boodskappe geskryf
sent       : did_we_email we_emailed send sends sent mailed emailed | gesendet geschickt versendet
             verschickt | gestuur stuur
receive    : receive receives get_the got_the got_it arrive arrived reached deliver delivered delivery | erhalten
             bekommen angekommen zugestellt | ontvang_hulle afgelewer gekry
undelivered: undelivered not_delivered bounced_mail failed_mail could_not_be_delivered | unzustellbar | onafgelewer
ticket     : ticket tickets issue issues complaint complaints request requests problem problems fault faults helpdesk
             support_case | stoerung storung storungen anfrage anfragen beschwerde problem probleme | kaartjie
             kaartjies navraag navrae klagte klagtes probleem probleme
job        : techs tech who_is_coming somebody_coming someone_coming come_out coming_out work_order work_orders job
             jobs visit
             visits appointment appointments technician technicians installer installation engineer |
             auftrag auftrage besuch besuche termin termine techniker | besoek besoeke afspraak afsprake tegnikus werk
phone      : selfoonnommer phone telephone phone_number telephone_number mobile cell cellphone mobile_number
             cell_number | telefon
             telefonnummer handy handynummer rufnummer | telefoon telefoonnommer selfoon selnommer
email      : email emails e-mail email_address e-mail_address mail_address | email-adresse e-mail-adresse emailadresse
             mailadresse | epos e-pos eposadres e-posadres
address    : installation_address where_are_they where_is_the_customer where_do_they address addresses street live
             lives located location
             site sites | adresse anschrift adressen wohnt
             wohnort standort strasse | adres adresse woon ligging
contact    : contact contacts contact_person contact_people speak_to | kontakt kontakte ansprechpartner | kontak
             kontakte kontakpersoon
manager    : account_manager manager salesperson sales_rep looks_after look_after | betreuer kundenbetreuer
             ansprechpartner_vertrieb | bestuurder rekeningbestuurder
collector  : collector collectors collects debt_collector | inkasso eintreiber sachbearbeiter | invorderaar
tax        : tax vat tax_number vat_number | steuer mwst umsatzsteuer ust steuernummer | belasting btw btwnommer
language   : language languages | sprache | taal
portal     : portal_access portal self-service login sign_in log_in | kundenportal portal anmelden | portaal aanmeld
note       : note notes comment comments pinned remark remarks | notiz notizen anmerkung bemerkung | nota notas
             opmerking
attachment : attached attachment attachments file files document documents photo photos | anhang anhange datei dateien
             dokument
             dokumente | aanhangsel leer leers dokument dokumente
status     : status active inactive state_of | aktiv inaktiv zustand | aktief onaktief
since      : since_when how_long long | seit_wann wie_lange lange | sedert_wanneer hoe_lank lank
mrr        : mrr recurring_revenue monthly_recurring_revenue
revenue    : revenue turnover income earn sales sell sold | umsatz einnahmen verkauft erlos |
             omset inkomste verkope verkoop
most       : most biggest largest top highest worst | meisten grosste grossten hochste | meeste grootste hoogste
more       : more_than more above exceeding exceeds greater_than at_least over_r | mehr_als uber mehr ueber mindestens
             | meer_as bo ten_minste
count      : how_many number_of count | wie_viele anzahl | aantal
not        : no not without none missing lack lacking cannot dont doesnt didnt hasnt havent isnt arent wasnt |
             kein keine keinen keiner nicht ohne fehlt fehlen | nie geen sonder
followup   : follow-ups follow_up follow_ups followup follow-up call_back to_do todo | wiedervorlage wiedervorlagen
             ruckruf |
             opvolg opvolging terugbel
area       : area areas region regions | gebiet gebiete region | gebied gebiede streek
product    : by_product per_product each_product by_products | nach_produkt je_produkt pro_produkt | per_produk
             volgens_produk
bring      : bring brings | bringt bringen | bring
reach      : reach | erreichen erreiche | bereik
"""


def _read() -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    meaning = ""
    for line in _MEANINGS.strip().splitlines():
        if not line.startswith(" "):
            meaning, _, line = (part.strip() for part in line.partition(":"))  # noqa: PLW2901 - what is left of it
        for word in line.replace("|", " ").split():
            # The first to claim a word has it: meanings stand in order of how often they are meant.
            found.setdefault(tuple(word.split("_")), meaning)
    return found


PHRASES = _read()
LONGEST = max(len(phrase) for phrase in PHRASES)
WORDS = frozenset(word for phrase in PHRASES for word in phrase)
